package io.github.deepxray.train.recipe;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.text.internal.Yaml;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a head looks like and how it is trained. A head is one or several members, each trained on
 * its own from the same batches; their logits are brought to one scale and averaged.
 *
 * @param name what to call it, with letters, digits, {@code .}, {@code _} and {@code -}
 * @param members the networks whose logits are averaged, at least one
 * @param standardize whether each feature is brought to mean 0 and variance 1 on the training split
 * @param balanced whether each class weighs as much as the other in the loss, whatever its share
 *     (Keras' {@code class_weight}, scikit-learn's {@code balanced})
 * @param labelSmoothing the share of the label that is spread over both classes, as in Keras, 0..1
 * @param views how many views of each training image are used, 1 for the image as it is
 * @param optimizer the update rule
 * @param learningRate its schedule, in steps of one batch
 * @param batchSize images a step
 * @param epochs the most epochs; in each, every training image is seen once, in one of its views
 * @param patience after how many epochs without a lower validation loss training ends; 0 for never
 */
@RecordBuilder
public record HeadSpec(
    String name,
    List<Member> members,
    boolean standardize,
    boolean balanced,
    double labelSmoothing,
    int views,
    Optimizer optimizer,
    LearningRate learningRate,
    int batchSize,
    int epochs,
    int patience)
    implements HeadSpecBuilder.With {

  /**
   * A network from features to one logit.
   *
   * @param hiddenUnits the sizes of its hidden layers with ReLU, in order; none for logistic
   *     regression
   * @param dropout the share of each hidden layer's output that is dropped while training
   * @param l2 the factor of the sum of squared kernel values added to the loss
   */
  public record Member(List<Integer> hiddenUnits, double dropout, double l2) {
    /** Copies the list. */
    public Member {
      hiddenUnits = List.copyOf(hiddenUnits);
    }
  }

  /** The update rule. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Sgd.class, name = "sgd"),
    @JsonSubTypes.Type(value = Adam.class, name = "adam")
  })
  public sealed interface Optimizer {}

  /**
   * Stochastic gradient descent with momentum, as in Keras.
   *
   * @param momentum the share of the last step that is added to the next, from 0 to below 1
   */
  public record Sgd(double momentum) implements Optimizer {}

  /**
   * Adam (Kingma and Ba 2015).
   *
   * @param beta1 the decay of the mean of the gradients, from 0 to below 1
   * @param beta2 the decay of the mean of their squares, from 0 to below 1
   * @param epsilon what is added to the root of that, above 0
   */
  public record Adam(double beta1, double beta2, double epsilon) implements Optimizer {
    /** Keras' defaults. */
    public static final Adam DEFAULT = new Adam(0.9, 0.999, 1e-7);
  }

  /** The learning rate's course; steps follow from the size of the training split. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Constant.class, name = "constant"),
    @JsonSubTypes.Type(value = Exponential.class, name = "exponential"),
    @JsonSubTypes.Type(value = Cosine.class, name = "cosine")
  })
  public sealed interface LearningRate {
    /** The schedule for a training of so many steps. */
    LearningRateSchedule schedule(long steps);
  }

  /**
   * Always the same.
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
   * Multiplied by {@code decayRate} over every {@code decaySteps} steps.
   *
   * @param initial the learning rate of the first step, above 0
   * @param decaySteps over how many steps it is multiplied, at least 1
   * @param decayRate what it is multiplied by, above 0
   */
  public record Exponential(double initial, int decaySteps, double decayRate)
      implements LearningRate {
    @Override
    public LearningRateSchedule schedule(long steps) {
      return new LearningRateSchedule.ExponentialDecay(initial, decaySteps, decayRate);
    }
  }

  /**
   * Rises over the first share {@code warmup} of the steps, then falls to 0 by half a cosine.
   *
   * @param peak the highest learning rate, above 0
   * @param warmup the share of the steps in which it rises, from 0 to below 1
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

  /** The head that is trained unless another is named: {@code ensemble}. */
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
            new Sgd(0.9),
            new Exponential(0.01, 20, 0.96),
            64,
            5,
            0));
    presets.put("logistic", modern("logistic", List.of(logistic)));
    presets.put("mlp", modern("mlp", List.of(mlp)));
    presets.put("ensemble", modern("ensemble", List.of(logistic, mlp)));
    return presets;
  }

  private static HeadSpec modern(String name, List<Member> members) {
    return new HeadSpec(
        name, members, true, true, 0.1, 5, Adam.DEFAULT, new Cosine(1e-3, 0.05), 128, 30, 0);
  }

  /** The names of the heads that need no file. */
  public static List<String> presetNames() {
    return List.copyOf(PRESETS.keySet());
  }

  /**
   * A head by its name, or from a {@code .yaml} or {@code .json} file with this record's fields.
   *
   * @throws DeepXrayException if there is no such head, or the file does not describe one
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
