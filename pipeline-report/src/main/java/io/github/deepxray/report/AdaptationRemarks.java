package io.github.deepxray.report;

import io.github.deepxray.core.metrics.Drift;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PrevalenceEstimate;
import io.github.deepxray.core.metrics.SampleSize;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.report.SiteAdaptation.Estimate;
import io.github.deepxray.report.SiteAdaptation.HeldOut;
import io.github.deepxray.report.SiteAdaptation.OwnTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Remarks on an adaptation to a site. */
final class AdaptationRemarks {
  private final SiteAdaptation result;
  private final ClassNames classes;
  private final List<String> remarks = new ArrayList<>();

  private AdaptationRemarks(SiteAdaptation result) {
    this.result = result;
    this.classes = result.model().classes();
  }

  static List<String> of(SiteAdaptation result) {
    AdaptationRemarks remarks = new AdaptationRemarks(result);
    remarks.seen();
    result.heldOut().ifPresent(remarks::heldOut);
    result.estimate().ifPresent(remarks::estimate);
    remarks.unfamiliar();
    remarks.patients();
    remarks.drift();
    remarks.quarantined();
    return List.copyOf(remarks.remarks);
  }

  private void add(String format, Object... values) {
    remarks.add(String.format(Locale.ROOT, format, values));
  }

  private void seen() {
    int images = result.site().seen().orElse(0);
    if (result.site().seen().isEmpty()) {
      add(
          "The bundle has no hashes of its training images, so it cannot be checked whether it was"
              + " trained on some of these images; export it again with a newer deepxray.");
    } else if (images > 0) {
      add(
          "%,d of %,d images are training or validation images of the bundle: it looks better on"
              + " them than on others of the site.",
          images, result.site().images());
    }
  }

  private void unfamiliar() {
    double share = result.site().unfamiliar().orElse(0);
    if (share >= ExternalRemarks.UNFAMILIAR) {
      add(
          "%.1f %% of the images are unlike the training images: their results must not be used,"
              + " but the adaptation uses them. Look at them (predict --strict), and leave out"
              + " those that are no upright chest X-rays.",
          100 * share);
    }
  }

  private void patients() {
    if (result.site().patients() == result.site().images()) {
      add(
          "Each image counts as one patient. If some patients have several images, name the"
              + " patients in a table: otherwise the intervals are too narrow.");
    }
  }

  private void heldOut(HeldOut held) {
    Interval loss = held.difference(Metric.LOG_LOSS);
    if (held.worse()) {
      add(
          "The probabilities became WORSE on held-out patients: log loss %.3f before, %.3f after,"
              + " %s. Keep the old bundle, or adapt with more patients.",
          held.before(Metric.LOG_LOSS).value(),
          held.after(Metric.LOG_LOSS).value(),
          ExternalTable.difference(loss));
    }
    for (Metric metric : List.of(Metric.LOG_LOSS, Metric.SENSITIVITY, Metric.SPECIFICITY)) {
      change(metric, held.difference(metric));
    }
    aim(held);
    sufficiency(held);
  }

  private void change(Metric metric, Interval difference) {
    if (difference.value() != 0 && difference.low() <= 0 && difference.high() >= 0) {
      add(
          "The change of the %s, %s, cannot be told from chance.",
          metric.title(), ExternalTable.difference(difference));
    }
  }

  private void aim(HeldOut held) {
    Interval reached = held.after(Metric.SENSITIVITY);
    if (!(reached.low() <= held.targetSensitivity()
        && reached.high() >= held.targetSensitivity())) {
      add(
          "The sensitivity on held-out patients is %s, away from the aim of %.3f beyond chance.",
          reached, held.targetSensitivity());
    }
  }

  private void sufficiency(HeldOut held) {
    SampleSize needed = held.needed();
    if (held.sufficient()) {
      add(
          "The site's images suffice: the intervals of sensitivity and specificity on held-out"
              + " patients are at most %s wide.",
          SiteAdaptation.WIDTH);
    } else {
      add(
          "The site's images do not suffice: intervals of sensitivity and specificity of width %s"
              + " need %,d held-out patients of %s and %,d of %s; there are %,d and %,d.",
          SiteAdaptation.WIDTH,
          needed.withDisease(),
          classes.list().get(1),
          needed.withoutDisease(),
          classes.list().get(0),
          held.patients().get(1),
          held.patients().get(0));
    }
  }

  private void estimate(Estimate of) {
    PrevalenceEstimate estimate = of.site();
    of.ownTest().ifPresent(this::check);
    add(
        "The estimate assumes that only the share of %s differs from the bundle's validation"
            + " images, not how the images of a class look. Nothing here can prove this; labelled"
            + " images can.",
        classes.list().get(1));
    add(
        "The likelihood ratio against an unchanged prevalence is %.1f; by chance it exceeds %.2f in"
            + " 5 %% of cases%s.",
        estimate.likelihoodRatio(),
        PrevalenceEstimate.LIMIT,
        estimate.differs() ? "" : ". The change cannot be told from chance");
    add(
        "The decisions are those of before, because the thresholds changed with the"
            + " probabilities.");
  }

  private void check(OwnTest own) {
    add(
        "On the bundle's own test split the same estimate is %s, where the share is %.3f%s.",
        own.estimate(),
        own.share(),
        own.right()
            ? ""
            : ": it is wrong there beyond chance. Do not rely on it; label some images");
  }

  /** Names drifts that another prevalence alone does not explain. */
  private void drift() {
    String names =
        result.drift().stream()
            .filter(named -> named.drift().extent().compareTo(Drift.Extent.MODERATE) >= 0)
            .map(named -> named.name() + " (" + named.drift().extent().words() + ")")
            .collect(Collectors.joining(", "));
    if (!names.isEmpty()) {
      add(
          result.estimate().isPresent()
              ? "The images differ from the bundle's own test split in more than the prevalence:"
                  + " %s. Do not rely on the estimate; label some images."
              : "Drift from the bundle's own test split: %s.",
          names);
    }
  }

  private void quarantined() {
    int files = result.site().quarantined();
    if (files > 0) {
      add("Not used: %,d of %,d files.", files, files + result.site().images());
    }
  }
}
