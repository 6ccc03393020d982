package io.github.deepxray.report.internal;

import io.github.deepxray.datasets.DatasetOrigin;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.TrainedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the model card and the report say in the same words.
 *
 * @param origin where the images come from
 * @param words how to speak of the classes
 * @param training how the classifier came about
 */
record ModelCardText(
    DatasetOrigin origin, ClassVocabulary words, TrainedModel.Description training) {
  /** What happened to the backbone, as the end of a sentence. */
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
                        ", trained further from `%s` on for %d epochs (the %d. kept)",
                        tuning.spec().from(),
                        tuning.epochs(),
                        tuning.bestEpoch())),
            () -> text.append(", frozen"));
    return text.toString();
  }

  /** The layers of whose weights pruning is a share. */
  private String pruned(PruningSpec spec) {
    if (spec.base() == PruningSpec.Base.PRUNED) {
      return "pruned layers";
    }
    List<String> head = training.prunedHeadLayers();
    return head.isEmpty()
        ? "1x1 convolutions"
        : "1x1 convolutions and of the head's `" + String.join("`, `", head) + "`";
  }

  /** What to call the images, in a few words. */
  String dataName() {
    return switch (origin) {
      case KERMANY_2018 -> "Chest X-Ray Images (Pneumonia), Kermany et al. 2018";
      case PHANTOMS -> "drawn phantoms, not medical data";
      case UNKNOWN -> "images of unknown origin";
    };
  }

  /** Where the images come from. */
  String data() {
    String text = Templates.text(out -> JteoriginGenerated.render(out, null, origin));
    // The model card breaks its lines.
    return text.strip().replaceAll("\\s+", " ");
  }

  /** What the model is not good for, a sentence or two each. */
  List<String> limits() {
    List<String> limits =
        new ArrayList<>(
            switch (origin) {
              case KERMANY_2018 ->
                  List.of(
                      "All images are of children of one to five years in one hospital in"
                          + " Guangzhou. How well the model does on adults or elsewhere is unknown"
                          + " and usually worse.",
                      "Labels come from the reading of few physicians; they are not perfect.",
                      "Normal images of the test split look different from those of the train"
                          + " split: metrics on validation flatter, and specificity suffers most.");
              case PHANTOMS ->
                  List.of(
                      "The metrics say that the pipeline works. They say nothing about X-rays.");
              case UNKNOWN ->
                  List.of(
                      "How well the model does on images from other devices, hospitals or age"
                          + " groups than those it was trained on is unknown and usually worse.",
                      "It has learnt the labels it was given, with their mistakes.");
            });
    limits.add(calibration());
    limits.add(
        "The model sees all that its images contain, text burnt into them and devices included, and"
            + " may lean on it.");
    return limits;
  }

  private String calibration() {
    // Fine-tuning trains the head, too, by its own loss.
    boolean balanced =
        training.fineTuning().map(t -> t.spec().balanced()).orElse(training.head().balanced());
    double smoothing =
        training
            .fineTuning()
            .map(t -> t.spec().labelSmoothing())
            .orElse(training.head().labelSmoothing());
    String smoothed = smoothing > 0 ? " and smoothed labels" : "";
    return balanced
        ? ("Probabilities are trained with balanced classes%s: they are not calibrated to the"
                + " share of %s anywhere.")
            .formatted(smoothed, words.scored())
        : ("Probabilities are trained on the train split's share of %s%s: they are not"
                + " calibrated to the share anywhere else.")
            .formatted(words.scored(), smoothed);
  }
}
