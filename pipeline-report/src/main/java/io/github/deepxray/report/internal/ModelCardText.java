package io.github.deepxray.report.internal;

import io.github.deepxray.datasets.DatasetOrigin;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.TrainedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Common texts of the model card and the report.
 *
 * @param origin origin of the images
 * @param words words for the classes
 * @param training description of the training
 */
record ModelCardText(
    DatasetOrigin origin, ClassVocabulary words, TrainedModel.Description training) {
  /** Returns the pruning and fine-tuning of the backbone, as the end of a sentence. */
  String backboneHistory() {
    StringBuilder text = new StringBuilder();
    if (!training.expansionChannels().isEmpty()) {
      text.append(", expansions of ")
          .append(training.expansionChannels().size())
          .append(" blocks narrowed");
    }
    training
        .pruning()
        .ifPresent(
            pruning ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        ", %.1f %% of the weights of its %s set to zero",
                        100 * pruning.sparsity(),
                        pruned(pruning.spec()))));
    training
        .fineTuning()
        .ifPresentOrElse(
            tuning ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        ", fine-tuned from `%s` on for %d epochs (epoch %d kept)",
                        tuning.spec().from(),
                        tuning.epochs(),
                        tuning.bestEpoch())),
            () -> text.append(", frozen"));
    return text.toString();
  }

  /** Returns the words for the prunable layers. */
  private String pruned(PruningSpec spec) {
    if (spec.base() == PruningSpec.Base.PRUNED) {
      return "pruned layers";
    }
    List<String> head = training.prunedHeadLayers();
    return head.isEmpty()
        ? "1x1 convolutions"
        : "1x1 convolutions and of the head's `" + String.join("`, `", head) + "`";
  }

  /** Returns a short name of the images. */
  String dataName() {
    return switch (origin) {
      case KERMANY_2018 -> "Chest X-Ray Images (Pneumonia), Kermany et al. 2018";
      case PHANTOMS -> "drawn phantoms, not medical data";
      case UNKNOWN -> "images of unknown origin";
    };
  }

  /** Returns the origin of the images. */
  String data() {
    String text = Templates.text(out -> JteoriginGenerated.render(out, null, origin));
    // The model card has line breaks.
    return text.strip().replaceAll("\\s+", " ");
  }

  /** Returns the limits of the model, one or two sentences each. */
  List<String> limits() {
    List<String> limits =
        new ArrayList<>(
            switch (origin) {
              case KERMANY_2018 ->
                  List.of(
                      "All images are of children of one to five years in one hospital in"
                          + " Guangzhou. The performance on adults or in other hospitals is unknown"
                          + " and usually worse.",
                      "Labels come from the readings of few physicians; they are not perfect.",
                      "Normal images of the test split look different from those of the train"
                          + " split: metrics on validation are too optimistic, above all the"
                          + " specificity.");
              case PHANTOMS ->
                  List.of(
                      "The metrics show that the pipeline works. They have no meaning for X-rays.");
              case UNKNOWN ->
                  List.of(
                      "The performance on images from other devices, hospitals or age groups than "
                          + "those of the training is unknown and usually worse.",
                      "The model has learnt the given labels, with their mistakes.");
            });
    limits.add(calibration());
    limits.add(
        "The model may use all content of the images, including burnt-in text and " + "devices.");
    return limits;
  }

  private String calibration() {
    ProbabilityCalibration calibration = training.calibration();
    return calibration.method() == ProbabilityCalibration.Method.NONE
        ? uncalibrated()
        : calibration.describe()
            + (words.size() == 2
                ? " The probabilities hold where %s of the images are %s; predict and serve correct"
                        .formatted(
                            Numbers.percent(calibration.shares().get(1)),
                            words.many(Label.POSITIVE))
                    + " them for another share with --prevalence."
                : "")
            + " They need not hold on other images, such as those of another hospital.";
  }

  private String uncalibrated() {
    // Fine-tuning also trains the head, with its own loss.
    boolean balanced =
        training.fineTuning().map(t -> t.spec().balanced()).orElse(training.head().balanced());
    double smoothing =
        training
            .fineTuning()
            .map(t -> t.spec().labelSmoothing())
            .orElse(training.head().labelSmoothing());
    String smoothed = smoothing > 0 ? " and smoothed labels" : "";
    return balanced
        ? ("Probabilities are trained with balanced classes%s: they are not calibrated to "
                + "any prevalence of %s.")
            .formatted(smoothed, words.scored())
        : ("Probabilities are trained with the prevalence of %s in the train split%s: "
                + "they are not calibrated to other prevalences.")
            .formatted(words.scored(), smoothed);
  }
}
