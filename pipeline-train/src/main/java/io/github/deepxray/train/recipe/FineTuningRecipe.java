package io.github.deepxray.train.recipe;

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
 * Settings for fine-tuning the last layers of a backbone together with the head.
 *
 * @param from first block to train, such as {@code block6a}, {@code top} for the last convolution,
 *     or {@code all}
 * @param epochs maximum number of epochs; each epoch uses every training image once, in one of its
 *     views
 * @param batchSize images per step
 * @param views number of views of each training image, 1 for the unchanged image
 * @param augmentation the changes in the other views
 * @param learningRate peak learning rate of AdamW
 * @param warmup share of all steps with a linear warmup of the learning rate, 0 to below 1; a half
 *     cosine decays it to 0 after that
 * @param headLearningRate factor of the head's learning rate
 * @param layerDecay factor of the learning rate from each block to the previous one (layer-wise
 *     decay, Clark et al. 2020), above 0, at most 1
 * @param learningRates factors of the learning rates of single blocks, by block name, instead of
 *     layer-wise decay; 0 freezes a block
 * @param weightDecay decoupled weight decay of kernels as a factor of the learning rate (Loshchilov
 *     and Hutter 2019); biases and batch normalization are not decayed
 * @param labelSmoothing share of the label that is spread over all classes, 0..1
 * @param balanced whether classes are weighted in the loss so that each has the same total weight
 * @param clipNorm maximum global norm of the gradients; 0 for no clipping
 * @param emaDecay decay of the exponential moving average of the weights (Polyak and Juditsky
 *     1992), which is evaluated and kept instead of the weights, 0..1; after {@code n} steps it is
 *     {@code min(emaDecay, (1 + n) / (10 + n))}, as in TensorFlow. 0 for no average
 * @param interpolation position of the kept weights between the initial (0) and the trained weights
 *     (1), above 0, at most 1; values below 1 do better on images that differ from the training
 *     split (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). Not used when weights
 *     are pruned during fine-tuning
 * @param dropout whether the stochastic depth of the blocks and the dropout of the head are active
 * @param patience number of epochs without a lower loss after which training stops and the best
 *     weights are kept; 0 to train all epochs and keep the last weights
 * @param criterion validation images whose loss selects the best epoch
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
    ValidationViews criterion)
    implements FineTuningRecipeBuilder.With {

  /** Default settings, from block 6a. */
  public static final FineTuningRecipe DEFAULT =
      new FineTuningRecipe(
          "block6a",
          5,
          32,
          5,
          Augmentation.FRAMING,
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
          ValidationViews.FRAMED);

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
   * Returns the default settings from a block on, or the settings of a {@code .yaml} or {@code
   * .json} file with some of this record's fields; missing fields have default values.
   *
   * @param blockOrFile name of a block, which is checked when training starts, or path of a file
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
      throw new DeepXrayException(
          file + ": expected fields such as epochs that describe a fine-tuning.");
    }
    ObjectNode all = (ObjectNode) Json.tree(DEFAULT);
    all.setAll((ObjectNode) fields);
    return Json.convert(all, FineTuningRecipe.class, file.toString());
  }

  /** Returns the learning rate schedule for a number of steps. */
  public LearningRateSchedule schedule(long steps) {
    long rising = Math.round(steps * warmup);
    return new LearningRateSchedule.CosineDecay(learningRate, rising, Math.max(1, steps - rising));
  }
}
