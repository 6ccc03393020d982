package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.datasets.DatasetOptions.FolderLayout;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.pipeline.AdaptationSpec;
import io.github.deepxray.pipeline.Bundles;
import io.github.deepxray.pipeline.DataSource;
import io.github.deepxray.report.SiteAdaptation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code adapt}. */
@Command(
    name = "adapt",
    description = {
      "Adapts a bundle of two classes to the images of a site, without training, and writes a new "
          + "bundle. The old bundle and the model files stay the same.",
      "",
      "With --data (labelled images): the patients are split into two parts. On one, a calibration "
          + "of the probabilities and the thresholds for --target-sensitivity are chosen. On the "
          + "other, the metrics before and after are measured, with intervals by patient that show "
          + "whether the site's images suffice. It takes 20 patients of each class in each part. "
          + "If the log loss becomes higher, nothing is written and the exit code is 1.",
      "",
      "With --images (without labels): the prevalence of the positive class is estimated from the "
          + "probabilities (Saerens et al. 2002), which are corrected for it. The decisions stay "
          + "the same. The estimate assumes that only the prevalence differs from the bundle's "
          + "validation images; a drift of the images is reported.",
      "",
      "The new bundle has adaptation.json, and the adaptation in its model card and provenance. "
          + "predict, serve, explain and evaluate apply it. Programs that run a model file "
          + "themselves do not; the model card has the threshold for them.",
      ""
    },
    customSynopsis = {
      "deepxray adapt <bundle> --data=<zip|dir|kaggle> --out=<dir> [<options>]",
      "       deepxray adapt <bundle> --images=<zip|dir|csv> --out=<dir> [<options>]",
      ""
    },
    footer = {
      "",
      "Example: deepxray adapt work/bundle --data hospital.csv --out hospital-bundle",
      "Example: deepxray adapt work/bundle --images xrays/ --out hospital-bundle"
    },
    sortOptions = false)
final class AdaptCommand implements Callable<Integer> {
  private static final String LABELS = "labelled images, --data";

  @Mixin private CommonOptions common;

  @Parameters(paramLabel = "<bundle>", description = "Bundle to adapt. It is not changed.")
  private Path folder;

  @Option(
      names = "--data",
      paramLabel = "<zip|dir|kaggle>",
      description =
          "Labelled images of the site, in any layout that data reads. Either this or --images.")
  private Optional<String> data;

  @Option(
      names = "--images",
      paramLabel = "<zip|dir|csv>",
      description =
          "Images of the site without labels: an archive or a folder, whose folders have no"
              + " meaning, or a CSV file with the column path and, if known, patient. Either this"
              + " or --data.")
  private Optional<Path> images;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "<dir>",
      description = "Folder of the new bundle. It must not exist.")
  private Path out;

  @Mixin private ArtifactOption artifact;

  @Option(
      names = "--target-sensitivity",
      paramLabel = "<share>",
      description =
          "Sensitivity that the thresholds are chosen for, between 0 and 1. Default: that of the "
              + "bundle.")
  private Optional<Double> targetSensitivity;

  @Option(
      names = "--fit-share",
      paramLabel = "<share>",
      description =
          "Share of the patients of each class on which map and thresholds are chosen, 0.1 to 0.9; "
              + "the others are held out. Default: 0.5.")
  private Optional<Double> fitShare;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "Seed of the split of the patients and of the bootstrap. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--split",
      paramLabel = "<split>",
      description =
          "Use only this split of --data: train, validation or test. Default: all images.")
  private Optional<Split> split;

  @Option(
      names = "--layout",
      paramLabel = "<folders>",
      description = "Meaning of the folders above an image, as in data. Default: detected.")
  private Optional<String> layout;

  @Option(
      names = "--max-bad",
      defaultValue = "0.01",
      paramLabel = "<share>",
      description = "Maximum share of unreadable or misnamed files. Default: ${DEFAULT-VALUE}.")
  private double maxBad;

  @Option(
      names = "--allow-seen",
      description =
          "Also use images that the model was trained or chosen on. Without this option they are "
              + "refused, because the bundle looks better on them than on others.")
  private boolean seenAllowed;

  @Option(
      names = "--allow-worse",
      description =
          "Write the bundle and exit with 0 even if the log loss on held-out patients becomes "
              + "higher.")
  private boolean worseAllowed;

  @Mixin private ThreadsOption threads;

  @Override
  public Integer call() throws Exception {
    if (data.isPresent() == images.isPresent()) {
      throw Usage.wrong(
          common, "Give either labelled images with --data, or others with --images.");
    }
    Usage.refuseIgnored(
        common,
        data.isPresent(),
        List.of("--target-sensitivity", "--fit-share", "--split", "--layout", "--allow-worse"),
        LABELS);
    AdaptationSpec spec = Usage.check(common, this::spec);
    SiteAdaptation result = adapt(Bundle.open(folder), spec);
    common.print(result.table() + "bundle " + out + "\n");
    return 0;
  }

  private SiteAdaptation adapt(Bundle bundle, AdaptationSpec spec) throws IOException {
    if (images.isPresent()) {
      return Bundles.adaptToPrevalence(
          bundle, DataSource.of(images.get()), spec, out, common.console());
    }
    DataSource source = Usage.check(common, () -> DataSources.of(data.orElseThrow()));
    return Bundles.adapt(bundle, source, spec, out, common.console());
  }

  private AdaptationSpec spec() {
    AdaptationSpec spec =
        AdaptationSpec.DEFAULT
            .withArtifact(artifact.of(folder))
            .withTargetSensitivity(
                targetSensitivity.map(OptionalDouble::of).orElse(OptionalDouble.empty()))
            .withFitShare(fitShare.orElse(AdaptationSpec.DEFAULT.fitShare()))
            .withSeed(seed)
            .withSplit(split)
            .withLayout(layout.map(FolderLayout::parse))
            .withMaxBad(maxBad)
            .withCores(threads.cores());
    AdaptationSpec seen = seenAllowed ? spec.allowingSeen() : spec;
    return worseAllowed ? seen.allowingWorse() : seen;
  }
}
