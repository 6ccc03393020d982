package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.PredictionMonitor.Guarded;
import io.github.deepxray.classify.PredictionMonitor.Observed;
import io.github.deepxray.classify.PredictionMonitor.Quantity;
import io.github.deepxray.classify.PredictionMonitor.Summary;
import io.github.deepxray.core.metrics.StabilityIndex;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Text of {@code predict --summary}.
 *
 * @param summary the summary of the images
 * @param model the bundle or model that classified them
 */
record PredictionSummary(Summary summary, Path model) {
  /** Index of a large drift; with a higher limit, it is not told from chance. */
  private static final double LARGE = 0.25;

  @Override
  public String toString() {
    long images = summary.images();
    String labels =
        summary.labels().entrySet().stream()
            .map(
                e ->
                    String.format(
                        Locale.ROOT,
                        "%s %d (%.1f %%)",
                        e.getKey(),
                        e.getValue(),
                        100.0 * e.getValue() / Math.max(1, images)))
            .collect(Collectors.joining(", "));
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT, "%n%d %s: %s%n", images, images == 1 ? "image" : "images", labels));
    summary.guard().ifPresent(guard -> text.append(unfamiliar(guard)));
    text.append(row("", "mean", "drift index", "limit", ""));
    summary.quantities().forEach(quantity -> text.append(row(quantity)));
    return text.append(remark()).toString();
  }

  private String unfamiliar(Guarded guard) {
    String own =
        guard.reference().isPresent()
            ? " (of the validation images " + percent(guard.reference().getAsDouble()) + ")"
            : "";
    return "unlike the training images: %s, %s%s%n"
        .formatted(
            guard.unfamiliar(), percent((double) guard.unfamiliar() / summary.images()), own);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static String row(Observed observed) {
    boolean number = observed.quantity() != Quantity.DECISION && !Double.isNaN(observed.mean());
    return row(
        observed.quantity().key(),
        number ? digits(observed.mean()) : "",
        observed.drift().map(index -> digits(index.value())).orElse(""),
        observed.drift().map(index -> digits(index.limit())).orElse(""),
        observed.drift().map(index -> index.extent().words()).orElse(""));
  }

  private static String row(Object... cells) {
    return String.format(Locale.ROOT, "%-11s %10s %12s %8s  %s", cells).stripTrailing() + "\n";
  }

  private static String digits(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private String remark() {
    if (summary.images() == 0) {
      return "";
    }
    if (summary.quantities().stream().allMatch(quantity -> quantity.drift().isEmpty())) {
      return Bundle.isBundle(model)
          ? model + " has no validation distribution to compare with; export it again.\n"
          : model + " is no bundle, so there is nothing to compare with.\n";
    }
    boolean few =
        summary.quantities().stream()
            .flatMap(quantity -> quantity.drift().stream())
            .mapToDouble(StabilityIndex::limit)
            .anyMatch(limit -> limit > LARGE);
    return "The drift index compares with the bundle's validation images, or those of the site that"
        + " it was adapted to; one of 20 exceeds its limit by chance.\n"
        + (few ? "There are few images or reference patients: a smaller drift is not seen.\n" : "");
  }
}
