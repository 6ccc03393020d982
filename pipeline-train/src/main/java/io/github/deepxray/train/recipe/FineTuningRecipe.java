package io.github.deepxray.train.recipe;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.text.internal.Yaml;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the last layers of a backbone are trained together with the head.
 *
 * @param from the first block to train, such as {@code block6a}, {@code top} for the last
 *     convolution, or {@code all}
 * @param epochs the most epochs; in each, every training image is seen once, in one of its views
 * @param batchSize images a step
 * @param views how many views of each training image are used, 1 for the image as it is
 * @param augmentation how much the other views change it
 * @param learningRate AdamW's learning rate at its peak
 * @param warmup the share of all steps over which the learning rate rises linearly, 0 to below 1;
 *     from there it falls to 0 by half a cosine
 * @param headLearningRate what the head's learning rate is multiplied by
 * @param layerDecay what the learning rate is multiplied by from each block to the one before it
 *     (layer-wise decay, Clark et al. 2020), above 0, at most 1
 * @param learningRates what a block's learning rate is multiplied by instead, by the block's name;
 *     0 leaves it as it is
 * @param weightDecay the share of the learning rate by which kernels shrink at each step
 *     (decoupled, Loshchilov and Hutter 2019); biases and batch normalization do not
 * @param labelSmoothing the share of the label that is spread over both classes, 0..1
 * @param balanced whether each class weighs as much as the other in the loss, whatever its share
 * @param clipNorm the largest norm of all gradients together; 0 for any
 * @param emaDecay the decay of the moving average of the weights (Polyak and Juditsky 1992) that is
 *     evaluated and kept instead of them, 0..1; after {@code n} steps it is {@code min(emaDecay, (1
 *     + n) / (10 + n))}, as in TensorFlow, so that the start is soon forgotten. 0 for none
 * @param interpolation how far from the start's weights to the trained ones those lie that are
 *     evaluated and kept, above 0, at most 1 for the trained ones themselves; on images that differ
 *     from the training split's, weights in between do better (Wortsman et al. 2022, "Robust
 *     fine-tuning of zero-shot models"). Pruning while training does without it
 * @param dropout whether the blocks' stochastic depth and the head's dropout are on
 * @param patience after how many epochs without a lower loss training ends with the best weights; 0
 *     for never, with the last weights
 * @param criterion which loss counts for that
 */
@RecordBuilder
public record FineTuningRecipe(
    String from,
    int epochs,
    int batchSize,
    int views,
    Augmentation augmentation,
    double learningRate,
    double warmup,
    double headLearningRate,
    double layerDecay,
    Map<String, Double> learningRates,
    double weightDecay,
    double labelSmoothing,
    boolean balanced,
    double clipNorm,
    double emaDecay,
    double interpolation,
    boolean dropout,
    int patience,
    Criterion criterion)
    implements FineTuningRecipeBuilder.With {

  /** Which loss tells the best epoch. */
  public enum Criterion {
    /** That of the validation images as they are. */
    @JsonProperty("plain")
    PLAIN,
    /**
     * That of strong views of the validation images: where plain validation is easy, it says
     * nothing about images that are a little different.
     */
    @JsonProperty("augmented")
    AUGMENTED
  }

  /** The defaults, from block 6a. */
  public static final FineTuningRecipe DEFAULT =
      new FineTuningRecipe(
          "block6a",
          5,
          32,
          5,
          Augmentation.STRONG,
          1e-4,
          0.1,
          1,
          1,
          Map.of(),
          0.05,
          0.1,
          true,
          1,
          0.99,
          0.5,
          true,
          3,
          Criterion.AUGMENTED);

  /** Copies the map and checks the numbers. */
  public FineTuningRecipe {
    check(!from.isEmpty(), "from", "the name of a block");
    learningRates = Collections.unmodifiableMap(new TreeMap<>(learningRates));
    check(epochs >= 1, "epochs", "at least 1");
    check(batchSize >= 1, "batchSize", "at least 1");
    check(views >= 1, "views", "at least 1");
    check(learningRate > 0, "learningRate", "positive");
    check(warmup >= 0 && warmup < 1, "warmup", "from 0 to below 1");
    check(headLearningRate >= 0, "headLearningRate", "0 or more");
    check(layerDecay > 0 && layerDecay <= 1, "layerDecay", "above 0 and at most 1");
    check(
        learningRates.values().stream().allMatch(rate -> rate >= 0),
        "learningRates",
        "0 or more each");
    check(weightDecay >= 0, "weightDecay", "0 or more");
    check(labelSmoothing >= 0 && labelSmoothing < 1, "labelSmoothing", "from 0 to below 1");
    check(clipNorm >= 0, "clipNorm", "0 or more");
    check(emaDecay >= 0 && emaDecay < 1, "emaDecay", "from 0 to below 1");
    check(interpolation > 0 && interpolation <= 1, "interpolation", "above 0 and at most 1");
    check(patience >= 0, "patience", "0 or more");
  }

  private static void check(boolean valid, String field, String range) {
    if (!valid) {
      throw new DeepXrayException("Fine-tuning: " + field + " must be " + range + ".");
    }
  }

  /**
   * The defaults from a block on, or what a {@code .yaml} or {@code .json} file with some of this
   * record's fields says; the others are as by default.
   *
   * @param blockOrFile the name of a block, which is looked up when training starts, or the file
   * @throws DeepXrayException if the file is missing or does not describe a fine-tuning
   * @throws IOException if the file cannot be read
   */
  public static FineTuningRecipe of(String blockOrFile) throws IOException {
    if (!blockOrFile.toLowerCase(Locale.ROOT).matches(".*\\.(yaml|yml|json)")) {
      return DEFAULT.withFrom(blockOrFile);
    }
    Path file = Path.of(blockOrFile);
    if (!Files.isRegularFile(file)) {
      throw new DeepXrayException(
          "Fine-tuning: there is no file " + file + "; give one, or a block such as block6a.");
    }
    JsonNode fields = Yaml.read(file);
    if (!fields.isObject()) {
      throw new DeepXrayException(file + ": fine-tuning is described by fields such as epochs.");
    }
    ObjectNode all = (ObjectNode) Json.tree(DEFAULT);
    all.setAll((ObjectNode) fields);
    return Json.convert(all, FineTuningRecipe.class, file.toString());
  }

  /** The learning rate of a training with this number of steps. */
  public LearningRateSchedule schedule(long steps) {
    long rising = Math.round(steps * warmup);
    return new LearningRateSchedule.CosineDecay(learningRate, rising, Math.max(1, steps - rising));
  }
}
