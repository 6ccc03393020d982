package io.github.deepxray.export.internal;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.Version;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TextFiles;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.InputStatistics;
import io.github.deepxray.datasets.SeenImages;
import io.github.deepxray.report.SiteAdaptation;
import io.github.deepxray.report.internal.AdaptationCard;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.report.internal.BundleReport;
import io.github.deepxray.report.internal.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Copy of a bundle that is adapted to a site: the model files are the same, the records of
 * thresholds, probabilities and provenance are others.
 *
 * @param result the adaptation
 * @param config effective options, for the provenance
 * @param scores the scores of the site's images by the name of each form that was run, as the new
 *     bundle gives them
 * @param inputs the statistics of the images
 * @param chosenOn the hashes of the images on which the threshold was chosen, which are no longer
 *     fit for an evaluation
 */
public record AdaptedBundle(
    SiteAdaptation result,
    Map<String, String> config,
    Map<String, AdaptedBundle.Scores> scores,
    List<InputStatistics> inputs,
    Collection<String> chosenOn) {
  /** Largest size of a model card in MiB. */
  private static final int LARGEST_CARD = 4;

  /**
   * Scores of the site's images by a form.
   *
   * @param scores the probabilities, as the new bundle gives them
   * @param unfamiliar the share of images that its input guard flags, 0..1; empty without a guard
   */
  public record Scores(SplitScores scores, OptionalDouble unfamiliar) {}

  /** Copies the collections. */
  public AdaptedBundle {
    config = Map.copyOf(config);
    scores = Map.copyOf(scores);
    inputs = List.copyOf(inputs);
    chosenOn = List.copyOf(chosenOn);
  }

  /**
   * Refuses a target that exists or is part of the bundle.
   *
   * @throws DeepXrayException if it is
   */
  public static void requireNew(Bundle bundle, Path target) {
    Path absolute = target.toAbsolutePath().normalize();
    if (Files.exists(target)) {
      throw new DeepXrayException(
          target + " exists; name a new folder for the adapted bundle, the old one stays.");
    }
    if (absolute.startsWith(bundle.folder().toAbsolutePath().normalize())) {
      throw new DeepXrayException(
          target + " is inside the bundle that is adapted; name a folder beside it.");
    }
  }

  /**
   * Writes the new bundle; the old one is only read.
   *
   * @param bundle the bundle that is adapted
   * @param target the folder of the new bundle, which does not exist
   * @throws DeepXrayException if the old bundle is damaged
   * @throws IOException if something cannot be read or written
   */
  public Bundle write(Bundle bundle, Path target) throws IOException {
    bundle.requireIntact(name -> true);
    AtomicFiles.writeFolder(
        target,
        partial -> {
          copy(bundle.folder(), partial);
          writeArtifacts(bundle, partial);
          writeRecords(bundle, partial);
          AtomicFiles.write(
              partial.resolve(BundleReport.FILE), BundleReport.of(new Bundle(partial)).html());
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
    return new Bundle(target);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> walk = Files.walk(from)) {
      for (Path file : walk.filter(Files::isRegularFile).sorted().toList()) {
        Path copy = to.resolve(from.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
  }

  private void writeArtifacts(Bundle bundle, Path folder) throws IOException {
    ArtifactReport.All before = bundle.reports();
    MonitoringFile monitoring = new MonitoringFile();
    List<ArtifactReport> reports =
        before.artifacts().stream()
            .map(report -> report.withThreshold(threshold(report.artifact())))
            .toList();
    for (ArtifactReport report : reports) {
      Optional.ofNullable(scores.get(report.artifact()))
          .ifPresent(of -> monitoring.add(report.toArtifact(), report.decision(), of));
    }
    monitoring.write(inputs, folder);
    ArtifactReport.write(
        folder.resolve(ArtifactReport.FILE),
        new ArtifactReport.All(
            Bundle.FORMAT,
            before.fit(),
            OptionalDouble.of(result.prevalence().after()),
            Optional.of(result.adaptation()),
            reports));
  }

  private double threshold(String artifact) {
    return result.thresholds().stream()
        .filter(of -> of.artifact().equals(artifact))
        .findFirst()
        .orElseThrow()
        .after();
  }

  private void writeRecords(Bundle bundle, Path folder) throws IOException {
    Json.write(folder.resolve(SiteAdaptation.FILE), result);
    Json.write(
        folder.resolve(Provenance.FILE),
        new BundleRecords(bundle)
            .provenance()
            .with(
                new Provenance.Adapted(
                    Hashes.sha256(bundle.folder().resolve(Bundle.CHECKSUMS)),
                    result.site().source(),
                    config,
                    Version.current())));
    Path card = folder.resolve(Bundle.MODEL_CARD);
    AtomicFiles.write(card, new AdaptationCard(result).in(TextFiles.read(card, LARGEST_CARD)));
    Optional<SeenImages> seen = SeenImages.read(folder);
    // Without the hashes of the training images the file would claim that there are no others.
    if (seen.isPresent() && !chosenOn.isEmpty()) {
      TreeSet<String> all = new TreeSet<>(seen.get().hashes());
      all.addAll(chosenOn);
      new SeenImages(all).write(folder);
    }
  }
}
