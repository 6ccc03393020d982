package io.github.deepxray.train.recipe;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.text.internal.Yaml;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Architecture and training settings of a head. A head has one or several members, which are
 * trained independently on the same batches; their logits are scaled and averaged.
 *
 * @param name name of the head, with letters, digits, {@code .}, {@code _} and {@code -}
 * @param members networks whose logits are averaged, at least one
 * @param standardize whether each feature is standardized to mean 0 and variance 1 on the training
 *     split
 * @param balanced whether classes are weighted in the loss so that each has the same total weight
 *     (Keras' {@code class_weight}, scikit-learn's {@code balanced})
 * @param labelSmoothing share of the label that is spread over all classes, as in Keras, 0..1
 * @param views number of views of each training image, 1 for the unchanged image
 * @param augmentation the changes in the other views; {@code framing} if omitted
 * @param optimizer the optimizer
 * @param learningRate learning rate schedule, in steps of one batch
 * @param batchSize images per step
 * @param epochs maximum number of epochs; each epoch uses every training image once, in one of its
 *     views
 * @param patience number of epochs without a lower validation loss after which training stops; 0 to
 *     train all epochs
 * @param criterion validation images whose loss is compared; {@code framed} if omitted
 */
@RecordBuilder
public record HeadSpec(
    String name,
    List<Member> members,
    boolean standardize,
    boolean balanced,
    double labelSmoothing,
    int views,
    @Omittable Augmentation augmentation,
    Optimizer optimizer,
    LearningRate learningRate,
    int batchSize,
    int epochs,
    int patience,
    @Omittable ValidationViews criterion)
    implements HeadSpecBuilder.With {

  /**
   * Network from features to logits.
   *
   * @param hiddenUnits sizes of the hidden ReLU layers, in order; empty for logistic regression
   * @param dropout dropout rate of the outputs of hidden layers
   * @param l2 L2 regularization: factor of the sum of squared kernel values added to the loss
   */
  public record Member(List<Integer> hiddenUnits, double dropout, double l2) {
    /** Copies the list. */
    public Member {
      hiddenUnits = List.copyOf(hiddenUnits);
    }
  }

  /** Optimizer. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Sgd.class, name = "sgd"),
    @JsonSubTypes.Type(value = Adam.class, name = "adam")
  })
  public sealed interface Optimizer {}

  /**
   * Stochastic gradient descent with momentum, as in Keras.
   *
   * @param momentum momentum, from 0 to below 1
   */
  public record Sgd(double momentum) implements Optimizer {}

  /**
   * Adam (Kingma and Ba 2015).
   *
   * @param beta1 decay of the mean of the gradients, from 0 to below 1
   * @param beta2 decay of the mean of the squared gradients, from 0 to below 1
   * @param epsilon constant added to the root of the second mean, above 0
   */
  public record Adam(double beta1, double beta2, double epsilon) implements Optimizer {
    /** Keras' defaults. */
    public static final Adam DEFAULT = new Adam(0.9, 0.999, 1e-7);
  }

  /** Learning rate schedule; the number of steps follows from the size of the training split. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Constant.class, name = "constant"),
    @JsonSubTypes.Type(value = Exponential.class, name = "exponential"),
    @JsonSubTypes.Type(value = Cosine.class, name = "cosine")
  })
  public sealed interface LearningRate {
    /** Returns the schedule for a number of steps. */
    LearningRateSchedule schedule(long steps);
  }

  /**
   * Constant learning rate.
   *
   * @param initial the learning rate, above 0
   */
  public record Constant(double initial) implements LearningRate {
    @Override
    public LearningRateSchedule schedule(long steps) {
      return new LearningRateSchedule.Constant(initial);
    }
  }

  /**
   * Exponential decay: multiplication by {@code decayRate} over {@code decaySteps} steps.
   *
   * @param initial learning rate of the first step, above 0
   * @param decaySteps number of steps per multiplication, at least 1
   * @param decayRate factor, above 0
   */
  public record Exponential(double initial, int decaySteps, double decayRate)
      implements LearningRate {
    @Override
    public LearningRateSchedule schedule(long steps) {
      return new LearningRateSchedule.ExponentialDecay(initial, decaySteps, decayRate);
    }
  }

  /**
   * Cosine decay: linear warmup over the first share {@code warmup} of the steps, then half a
   * cosine down to 0.
   *
   * @param peak highest learning rate, above 0
   * @param warmup share of the warmup steps, from 0 to below 1
   */
  public record Cosine(double peak, double warmup) implements LearningRate {
    @Override
    public LearningRateSchedule schedule(long steps) {
      long rising = Math.round(steps * warmup);
      return new LearningRateSchedule.CosineDecay(peak, rising, Math.max(1, steps - rising));
    }
  }

  /** Checks the numbers. */
  public HeadSpec {
    check(
        name,
        name.matches("[A-Za-z0-9][A-Za-z0-9._-]*"),
        "name",
        "letters, digits, '.', '_' and '-'");
    members = List.copyOf(members);
    augmentation = augmentation == null ? Augmentation.FRAMING : augmentation;
    criterion = criterion == null ? ValidationViews.FRAMED : criterion;
    check(name, !members.isEmpty(), "members", "at least one");
    check(name, labelSmoothing >= 0 && labelSmoothing < 1, "labelSmoothing", "0..1");
    check(name, views >= 1, "views", "at least 1");
    check(name, batchSize >= 1, "batchSize", "at least 1");
    check(name, epochs >= 1, "epochs", "at least 1");
    check(name, patience >= 0, "patience", "0 or more");
    if (optimizer instanceof Sgd sgd) {
      check(name, sgd.momentum >= 0 && sgd.momentum < 1, "momentum", "0..1");
    } else if (optimizer instanceof Adam adam) {
      check(name, adam.beta1 >= 0 && adam.beta1 < 1, "beta1", "0..1");
      check(name, adam.beta2 >= 0 && adam.beta2 < 1, "beta2", "0..1");
      check(name, adam.epsilon > 0, "epsilon", "positive");
    }
    if (learningRate instanceof Constant constant) {
      check(name, constant.initial > 0, "learningRate.initial", "positive");
    } else if (learningRate instanceof Exponential exponential) {
      check(name, exponential.initial > 0, "learningRate.initial", "positive");
      check(name, exponential.decaySteps >= 1, "learningRate.decaySteps", "at least 1");
      check(name, exponential.decayRate > 0, "learningRate.decayRate", "positive");
    } else if (learningRate instanceof Cosine cosine) {
      check(name, cosine.peak > 0, "learningRate.peak", "positive");
      check(name, cosine.warmup >= 0 && cosine.warmup < 1, "learningRate.warmup", "0..1");
    }
    for (Member member : members) {
      check(name, member.dropout >= 0 && member.dropout < 1, "dropout", "0..1");
      check(name, member.l2 >= 0, "l2", "0 or more");
      check(name, member.hiddenUnits.stream().allMatch(u -> u > 0), "hiddenUnits", "positive");
    }
  }

  private static void check(String name, boolean valid, String field, String range) {
    if (!valid) {
      throw new DeepXrayException("Head " + name + ": " + field + " must be " + range + ".");
    }
  }

  private static final Map<String, HeadSpec> PRESETS = presets();

  /** Default head: {@code ensemble}. */
  public static final HeadSpec DEFAULT = PRESETS.get("ensemble");

  private static Map<String, HeadSpec> presets() {
    Map<String, HeadSpec> presets = new LinkedHashMap<>();
    Member logistic = new Member(List.of(), 0, 5e-3);
    Member mlp = new Member(List.of(256), 0.5, 1e-4);
    presets.put(
        "original",
        new HeadSpec(
            "original",
            List.of(new Member(List.of(8), 0.5, 0)),
            false,
            false,
            0,
            1,
            Augmentation.FRAMING,
            new Sgd(0.9),
            new Exponential(0.01, 20, 0.96),
            64,
            5,
            0,
            ValidationViews.PLAIN));
    presets.put("logistic", modern("logistic", List.of(logistic)));
    presets.put("mlp", modern("mlp", List.of(mlp)));
    presets.put("ensemble", modern("ensemble", List.of(logistic, mlp)));
    return presets;
  }

  private static HeadSpec modern(String name, List<Member> members) {
    return new HeadSpec(
        name,
        members,
        true,
        true,
        0.1,
        5,
        Augmentation.FRAMING,
        Adam.DEFAULT,
        new Cosine(1e-3, 0.05),
        128,
        30,
        0,
        ValidationViews.FRAMED);
  }

  /** Returns a predefined head. */
  static HeadSpec preset(String name) {
    return PRESETS.get(name);
  }

  /** Names of the predefined heads. */
  public static List<String> presetNames() {
    return List.copyOf(PRESETS.keySet());
  }

  /**
   * Returns a predefined head by name, or a head from a {@code .yaml} or {@code .json} file with
   * this record's fields.
   *
   * @throws DeepXrayException if there is no head of that name, or the file is not valid
   * @throws IOException if the file cannot be read
   */
  public static HeadSpec of(String nameOrFile) throws IOException {
    HeadSpec preset = PRESETS.get(nameOrFile);
    if (preset != null) {
      return preset;
    }
    Path file = Path.of(nameOrFile);
    if (!Files.isRegularFile(file)) {
      throw new DeepXrayException(
          "There is no head "
              + nameOrFile
              + "; choose one of "
              + String.join(", ", presetNames())
              + " or give a .yaml or .json file.");
    }
    JsonNode tree = Yaml.read(file);
    return Json.convert(tree, HeadSpec.class, file.toString());
  }
}
