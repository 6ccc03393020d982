package io.github.deepxray.report;

import io.github.deepxray.core.metrics.Drift;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.report.ExternalValidation.Guard;
import io.github.deepxray.report.ExternalValidation.NamedDrift;
import io.github.deepxray.report.ExternalValidation.SliceMetrics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Remarks on an external validation. */
final class ExternalRemarks {
  /** Fewest patients of each class for a validation (Collins et al. 2016). */
  private static final int FEWEST = 100;

  /** Difference of a class's share that is worth a remark. */
  private static final double SHIFT = 0.05;

  /** Share of unfamiliar images that is worth a remark. */
  static final double UNFAMILIAR = 0.05;

  private final ExternalValidation result;
  private final ClassNames classes;
  private final List<String> remarks = new ArrayList<>();

  private ExternalRemarks(ExternalValidation result) {
    this.result = result;
    this.classes = result.model().profile().classes();
  }

  static List<String> of(ExternalValidation result) {
    ExternalRemarks remarks = new ExternalRemarks(result);
    remarks.seen();
    remarks.quarantined();
    result.guard().ifPresent(remarks::unfamiliar);
    remarks.small();
    remarks.prevalence();
    remarks.worse();
    remarks.worst();
    remarks.drift();
    remarks.identical();
    return List.copyOf(remarks.remarks);
  }

  private void add(String format, Object... values) {
    remarks.add(String.format(Locale.ROOT, format, values));
  }

  private void seen() {
    int images = result.data().seen().orElse(0);
    if (result.data().seen().isEmpty()) {
      add(
          "The bundle has no hashes of its training images, so it cannot be checked whether it was"
              + " trained on some of these images; export it again with a newer deepxray.");
    } else if (images > 0) {
      add(
          "%,d of %,d images are training or validation images of the bundle: the metrics are too"
              + " good and no external validation.",
          images, result.evaluation().total());
    }
  }

  private void quarantined() {
    List<Quarantined> files = result.data().quarantined();
    if (!files.isEmpty()) {
      add(
          "Not evaluated: %,d of %,d files, the first is %s: %s.",
          files.size(),
          files.size() + result.evaluation().total(),
          files.get(0).file(),
          files.get(0).detail().replaceFirst("\\.$", ""));
    }
  }

  private void unfamiliar(Guard guard) {
    boolean more = guard.own().isPresent() && guard.share().low() > guard.own().getAsDouble();
    if (guard.share().value() >= UNFAMILIAR && (more || guard.own().isEmpty())) {
      add(
          "%,d of %,d images (%.1f %%) are unlike the training images%s: the classifier would"
              + " refuse them in use. The metrics are of all images. Look at the unfamiliar ones,"
              + " named in predictions.csv.",
          guard.unfamiliar(),
          result.evaluation().total(),
          100 * guard.share().value(),
          more
              ? String.format(
                  Locale.ROOT,
                  ", of the own validation images %.1f %%",
                  100 * guard.own().getAsDouble())
              : "");
    }
  }

  private void small() {
    String few =
        classes.labels().stream()
            .filter(label -> result.data().patients().get(label.index()) < FEWEST)
            .map(label -> classes.of(label) + " " + result.data().patients().get(label.index()))
            .collect(Collectors.joining(", "));
    if (!few.isEmpty()) {
      add(
          "Few patients (%s): a validation needs at least %d of each class; the intervals are wide"
              + " and may miss the truth.",
          few, FEWEST);
    }
  }

  private void prevalence() {
    for (int label = classes.size() == 2 ? 1 : 0; label < classes.size(); label++) {
      double here = ExternalValidation.share(result.evaluation().images(), label);
      double own = ExternalValidation.share(result.reference().images(), label);
      if (Math.abs(here - own) >= SHIFT) {
        add(
            "%s is %.1f %% of these images and %.1f %% of the bundle's test split: accuracy,"
                + " precision, F1 and probabilities depend on this share and do not compare.",
            classes.list().get(label), 100 * here, 100 * own);
      }
    }
  }

  /** Names the metrics whose interval of the difference excludes 0 on the wrong side. */
  private void worse() {
    String worse =
        Metric.HEADLINES.stream()
            .filter(metric -> result.reference().difference(metric).high() < 0)
            .map(
                metric ->
                    metric.title(classes.size())
                        + " by "
                        + ExternalTable.difference(result.reference().difference(metric)))
            .collect(Collectors.joining(", "));
    if (!worse.isEmpty()) {
      add("Worse than on the bundle's own test split beyond chance: %s.", worse);
    }
  }

  private void worst() {
    String worst =
        Metric.HEADLINES.stream()
            .filter(metric -> metric != Metric.ACCURACY)
            .flatMap(metric -> result.worst(metric).map(slice -> worst(metric, slice)).stream())
            .collect(Collectors.joining("; "));
    if (!worst.isEmpty()) {
      add(
          "Worst of %d slices: %s. The lowest of several is low by chance, too.",
          result.slices().size(), worst);
    }
  }

  private String worst(Metric metric, SliceMetrics slice) {
    return "%s of %s %s (%s images)"
        .formatted(
            metric.title(classes.size()),
            slice.name(),
            slice.of(metric),
            slice.evaluation().total());
  }

  private void drift() {
    Map<Drift.Extent, String> found = new LinkedHashMap<>();
    for (Drift.Extent extent : List.of(Drift.Extent.LARGE, Drift.Extent.MODERATE)) {
      String names =
          result.drift().stream()
              .filter(named -> named.drift().extent() == extent)
              .map(NamedDrift::name)
              .collect(Collectors.joining(", "));
      if (!names.isEmpty()) {
        found.put(extent, names);
      }
    }
    found.forEach(
        (extent, names) ->
            add(
                "Drift from the bundle's own test split, %s: %s.%s",
                extent.words(),
                names,
                names.startsWith("probability")
                    ? " Another share of the classes moves the probabilities of all images, not"
                        + " those within a class."
                    : ""));
  }

  private void identical() {
    if (result.data().identical() > 0) {
      add(
          "%,d images repeat another one pixel by pixel; they count once more each.",
          result.data().identical());
    }
  }
}
