package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.report.SiteAdaptation;
import io.github.deepxray.report.SiteAdaptation.HeldOut;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Section of a model card about an adaptation to a site.
 *
 * @param result the adaptation
 */
public record AdaptationCard(SiteAdaptation result) {
  /** The heading of the section. */
  static final String HEADING = "## Adapted to a site";

  /** The heading before which the section is put. */
  private static final String NEXT = "## Intended use\n";

  private static final Pattern EARLIER =
      Pattern.compile(Pattern.quote(HEADING + "\n") + ".*?(?=## )", Pattern.DOTALL);

  /**
   * Returns a model card with the section, in the place of the section of an earlier adaptation.
   *
   * @param card the card of the bundle that was adapted
   */
  public String in(String card) {
    String section = Templates.text(out -> JteadaptationGenerated.render(out, null, this));
    String without = EARLIER.matcher(card).replaceFirst("");
    int place = without.indexOf(NEXT);
    return place < 0
        ? without + "\n" + section.stripTrailing() + "\n"
        : without.substring(0, place) + section + without.substring(place);
  }

  String images() {
    return Numbers.count(result.site().images());
  }

  String patients() {
    return Numbers.count(result.site().patients());
  }

  /** Describes what the map was fitted on. */
  String fitted() {
    return result.heldOut().isPresent()
        ? "the map and the threshold were chosen on %s of them"
            .formatted(Numbers.count(result.adaptation().images()))
        : "without labels, for their prevalence";
  }

  String formula() {
    return String.format(
        Locale.ROOT,
        "sigmoid(%.6f * logit(p) %+.6f)",
        result.adaptation().slope(),
        result.adaptation().offset());
  }

  String positive() {
    return result.model().classes().positive();
  }

  String after() {
    return percent(result.prevalence().after());
  }

  String before() {
    return result.prevalence().before().isPresent()
        ? percent(result.prevalence().before().getAsDouble()) + " %"
        : "not calibrated";
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f", 100 * share);
  }

  CardTable thresholds() {
    return CardTable.of(
        List.of(
            "form", "threshold before", "threshold now", "for the model file's own probability"),
        result.thresholds().stream()
            .map(
                of ->
                    List.of(
                        "`" + of.artifact() + "`",
                        decimals(of.before()),
                        decimals(of.after()),
                        String.format(Locale.ROOT, "%.6f", of.own())))
            .toList());
  }

  private static String decimals(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  /** Whether there are metrics on held-out patients. */
  boolean hasMetrics() {
    return result.heldOut().isPresent();
  }

  CardTable metrics() {
    HeldOut held = result.heldOut().orElseThrow();
    return CardTable.of(
        List.of("metric", "before", "after"),
        Stream.of(Metric.values())
            .map(
                metric ->
                    List.of(
                        metric.title(result.model().classes().size()),
                        held.before(metric).toString(),
                        held.after(metric).toString()))
            .toList());
  }

  List<String> remarks() {
    return result.remarks();
  }
}
