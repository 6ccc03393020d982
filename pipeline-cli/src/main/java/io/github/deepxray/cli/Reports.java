package io.github.deepxray.cli;

import io.github.deepxray.export.Bundle;
import io.github.deepxray.export.BundleVerifier;
import io.github.deepxray.train.MetricsReport;
import io.github.deepxray.train.Trainer;
import java.util.Locale;

/** What commands print at their end. */
final class Reports {
  private Reports() {}

  static String training(Trainer.Result result) {
    StringBuilder text = new StringBuilder();
    text.append(
        result.vectors() == 0
            ? "embeddings: all from the cache\n"
            : String.format(
                Locale.ROOT,
                "embeddings: %d computed, %.0f images/s\n",
                result.vectors(),
                result.vectorsPerSecond()));
    var description = result.model().description();
    text.append(
        String.format(
            Locale.ROOT,
            "head %s: %d epochs in %.1f s%s; threshold %.4f finds %.0f %% of the pneumonias in"
                + " validation\n",
            description.head().name(),
            description.epochs(),
            result.headSeconds(),
            Double.isNaN(result.epochSeconds())
                ? ""
                : String.format(Locale.ROOT, ", %.3f s each", result.epochSeconds()),
            description.thresholds().sensitivity(),
            100 * description.thresholds().targetSensitivity()));
    return text.toString();
  }

  static String metrics(MetricsReport report) {
    StringBuilder text = new StringBuilder();
    report.splitNames().forEach(split -> text.append(report.table(split)).append('\n'));
    return text.toString();
  }

  static String verification(Bundle bundle, BundleVerifier.Report report) {
    return "bundle "
        + bundle.folder()
        + " against the trained model\n"
        + report.table()
        + (report.passed() ? "verified\n" : "NOT VERIFIED\n");
  }
}
