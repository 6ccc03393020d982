package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.internal.network.MultiplyAdds;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.report.internal.BundleReport;
import io.github.deepxray.train.FineTuningResult;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingResult;
import io.github.deepxray.train.stage.EpochResult;
import java.util.Locale;

/** Result texts of commands. */
final class Reports {
  private Reports() {}

  static String training(TrainingResult result, DatasetProfile profile) {
    StringBuilder text = new StringBuilder();
    text.append(
        result.vectors() == 0
            ? "embeddings: all from the cache\n"
            : text(
                "embeddings: %d computed, %.0f images/s\n",
                result.vectors(), result.vectorsPerSecond()));
    var description = result.model().description();
    text.append(
        text(
            "head %s: %d epochs in %.1f s%s; decides for %s\n",
            description.head().name(),
            description.epochs(),
            result.headSeconds(),
            Double.isNaN(result.epochSeconds()) ? "" : text(", %.3f s each", result.epochSeconds()),
            description.decision().describe(profile)));
    text.append(calibration(description));
    return text.toString();
  }

  private static String calibration(TrainedModel.Description description) {
    String sentence = description.calibration().describe();
    return sentence.isEmpty() ? "" : sentence + "\n";
  }

  static String pruning(TrainingResult result, DatasetProfile profile) {
    StringBuilder text = new StringBuilder();
    Model model = result.model().model();
    var description = result.model().description();
    text.append(pruned(description));
    if (!description.expansionChannels().isEmpty()) {
      text.append("expansion channels left: ").append(description.expansionChannels()).append('\n');
    }
    text.append(size(model));
    return text + training(result, profile);
  }

  private static String size(Model model) {
    Sparsity sparsity = Sparsity.of(model);
    return text(
        "%,d of %,d weights are not zero; %.1f million multiply-adds an image%n",
        sparsity.nonZero(), sparsity.weights(), MultiplyAdds.total(model.network()) / 1e6);
  }

  static String fineTuning(FineTuningResult result) {
    StringBuilder text = new StringBuilder();
    if (result.activations() > 0) {
      text.append(
          text(
              "activations: %d computed, %.0f images/s%n",
              result.activations(), result.activationsPerSecond()));
    }
    var description = result.model().description();
    var done = description.fineTuning().orElseThrow();
    text.append(
        text(
            "fine-tuned from %s: %d epochs, the %d. kept%s%n",
            done.spec().from(),
            done.epochs(),
            done.bestEpoch(),
            Double.isNaN(result.examplesPerSecond())
                ? ""
                : text(
                    "; %.0f images/s, %.0f s an epoch",
                    result.examplesPerSecond(), result.epochSeconds())));
    text.append(
        text(
            "validation loss %.4f before, AUC %.4f; on framed views %.4f, AUC %.4f%n",
            result.before().loss(),
            result.before().auc(),
            result.framedBefore().loss(),
            result.framedBefore().auc()));
    result.epochs().stream()
        .filter(epoch -> epoch.epoch() + 1 == done.bestEpoch())
        .forEach(epoch -> text.append(validated(epoch)));
    text.append(calibration(description));
    text.append(pruned(description));
    return description.pruning().isPresent()
        ? text + size(result.model().model())
        : text.toString();
  }

  private static String validated(EpochResult epoch) {
    return text(
        "validation loss %.4f after, AUC %.4f%s%n",
        epoch.validationLoss(),
        epoch.validationAuc(),
        epoch
            .framed()
            .map(a -> text("; on framed views %.4f, AUC %.4f", a.loss(), a.auc()))
            .orElse(""));
  }

  private static String pruned(TrainedModel.Description description) {
    return description
        .pruning()
        .map(pruning -> text("weights pruned: %.1f %%%n", 100 * pruning.sparsity()))
        .orElse("");
  }

  static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  static String metrics(ModelMetrics metrics) {
    return metrics.table(Split.VALIDATION) + "\n" + metrics.table(Split.TEST) + "\n";
  }

  static String verification(Bundle bundle, VerificationReport report) {
    return "bundle "
        + bundle.folder()
        + " against the trained model\n"
        + report.table()
        + (report.passed() ? "verified\n" : "NOT VERIFIED\n");
  }

  /** Returns the hint to the report of a bundle. */
  static String page(Bundle bundle) {
    return "report " + bundle.folder().resolve(BundleReport.FILE) + "\n";
  }
}
