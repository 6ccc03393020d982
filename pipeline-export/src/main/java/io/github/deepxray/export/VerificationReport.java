package io.github.deepxray.export;

import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Metric;
import java.util.List;
import java.util.Locale;

/**
 * Result of a verification.
 *
 * @param problems messages about files with wrong checksums and artifacts that cannot be run
 * @param parities parity of each artifact
 */
public record VerificationReport(List<String> problems, List<Parity> parities) {
  /** Copies the lists. */
  public VerificationReport {
    problems = List.copyOf(problems);
    parities = List.copyOf(parities);
  }

  /** Whether all checksums match, and all artifacts run and pass the gate. */
  public boolean passed() {
    return problems.isEmpty() && parities.stream().allMatch(Parity::passed);
  }

  /** Returns a text table with a line for each artifact and split. */
  public String table() {
    StringBuilder text = new StringBuilder();
    problems.forEach(line -> text.append("  WRONG  ").append(line).append('\n'));
    if (parities.isEmpty()) {
      return text.toString();
    }
    text.append(
        "  artifact     split       images     AUC  accuracy     dAUC  "
            + "daccuracy  correlation   max |dp|  flipped  images/s  verdict\n");
    for (Parity parity : parities) {
      parity.verdict().splits().forEach((split, compared) -> row(text, parity, split, compared));
    }
    for (Parity parity : parities) {
      parity
          .verdict()
          .objections()
          .forEach(objection -> line(text, "  REFUSED  %s, %s", parity.artifact(), objection));
    }
    return text.toString();
  }

  private static void row(StringBuilder text, Parity parity, String split, Comparison c) {
    line(
        text,
        "  %-12s %-11s %6d %7.4f %9.4f %+8.4f %+10.4f %12.5f %10.2e %8d %9s  %s",
        parity.artifact(),
        split,
        c.images(),
        c.of(Metric.AUC).value(),
        c.of(Metric.ACCURACY).value(),
        c.difference(Metric.AUC).value(),
        c.difference(Metric.ACCURACY).value(),
        c.correlation(),
        c.maxDeltaProbability(),
        c.flipped(),
        Double.isNaN(parity.imagesPerSecond())
            ? "-"
            : String.format(Locale.ROOT, "%.0f", parity.imagesPerSecond()),
        parity.passed() ? "blessed" : "REFUSED");
  }

  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  /**
   * Parity of an artifact with the trained model.
   *
   * @param artifact name of the artifact
   * @param verdict comparison on each split and result of the gate
   * @param imagesPerSecond images per second of one engine, without decoding; NaN if not measured
   */
  public record Parity(String artifact, Verdict verdict, double imagesPerSecond) {
    /** Whether the artifact passes the gate. */
    public boolean passed() {
      return verdict.blessed();
    }
  }
}
