package io.github.deepxray.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.Recipe;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Specification of a run from images to a bundle, stage by stage.
 *
 * @param source source of the images
 * @param name name of the model, see {@link ModelPurpose}
 * @param backbone backbone and its pretrained weights
 * @param data options of the data set; its images have the backbone's size
 * @param training options of head training
 * @param pruning one-shot pruning after training, if any
 * @param fineTuning fine-tuning of the backbone, if any
 * @param quantization quantized forms, none by default
 * @param bundle options of the bundle and limits of its gate
 */
@RecordBuilder
public record RunSpec(
    DataSource source,
    String name,
    BackboneSpec backbone,
    DatasetOptions data,
    TrainingSpec training,
    Optional<BackbonePruningSpec> pruning,
    Optional<FineTuningSpec> fineTuning,
    FormsSpec quantization,
    BundleSpec bundle)
    implements RunSpecBuilder.With {
  /** Checks the name and that images and backbone have the same size. */
  public RunSpec {
    ModelPurpose.requireName(name);
    if (data.imageSize() != backbone.imageSize()) {
      throw new DeepXrayException(
          "The data set's images have "
              + data.imageSize()
              + " pixels a side, the backbone's "
              + backbone.imageSize()
              + "; give both the same size.");
    }
  }

  /**
   * Returns the default run: EfficientNetB0, recipe {@link Recipe#FAST}, no pruning, no quantized
   * forms besides {@code dynamic}.
   *
   * @param source source of the images
   * @param seed seed of all random numbers in all stages
   */
  public static RunSpec of(DataSource source, long seed) {
    return of(source, Recipe.FAST, seed);
  }

  /**
   * Returns a run of EfficientNetB0 with a recipe, without pruning and quantized forms besides
   * {@code dynamic}.
   *
   * @param source source of the images
   * @param seed seed of all random numbers in all stages
   */
  public static RunSpec of(DataSource source, Recipe recipe, long seed) {
    return new RunSpec(
        source,
        ModelPurpose.DEFAULT_NAME,
        BackboneSpec.of(Backbones.DEFAULT),
        DatasetOptions.DEFAULT.withSeed(seed),
        TrainingSpec.of(recipe, seed),
        Optional.empty(),
        recipe.fineTuning().map(tuning -> FineTuningSpec.of(tuning, seed)),
        FormsSpec.of(List.of(), seed),
        BundleSpec.DEFAULT);
  }

  /**
   * Checks the options of each stage against the network, without its weights.
   *
   * @throws DeepXrayException if an option is impossible
   */
  public void check() {
    Preflight.check(this);
  }

  /**
   * Returns the options as text, by paths such as {@code training.head.name}; without the paths of
   * images and weights, which do not affect the result.
   */
  public Map<String, String> options() {
    ObjectNode tree = Json.object();
    tree.put("name", name);
    tree.put("backbone", backbone.backbone().name());
    tree.set("data", Json.tree(data));
    tree.set("training", Json.tree(training));
    tree.set("pruning", Json.tree(pruning));
    tree.set("fineTuning", Json.tree(fineTuning));
    tree.set("quantization", Json.tree(quantization));
    tree.set("bundle", Json.tree(bundle));
    Map<String, String> options = new TreeMap<>();
    flatten("", tree, options);
    return options;
  }

  private static void flatten(String path, JsonNode value, Map<String, String> options) {
    if (value.isObject()) {
      value
          .properties()
          .forEach(
              field ->
                  flatten(
                      path.isEmpty() ? field.getKey() : path + "." + field.getKey(),
                      field.getValue(),
                      options));
    } else if (value.isArray()) {
      options.put(path, Json.compact(value));
    } else if (!value.isNull()) {
      options.put(path, value.asText());
    }
  }

  /**
   * Returns a copy with another backbone; the image size of the data set is set to the backbone's.
   */
  @Override
  public RunSpec withBackbone(BackboneSpec network) {
    return with(o -> o.backbone(network).data(data.withImageSize(network.imageSize())));
  }

  /** Returns a copy with one-shot pruning after training. */
  public RunSpec withPruning(BackbonePruningSpec spec) {
    return withPruning(Optional.of(spec));
  }

  /** Returns a copy with fine-tuning. */
  public RunSpec withFineTuning(FineTuningSpec spec) {
    return withFineTuning(Optional.of(spec));
  }

  /** Returns a copy with quantized forms and the default options of quantization. */
  public RunSpec withForms(QuantizationSpec... forms) {
    return withQuantization(FormsSpec.of(List.of(forms), training.seed()));
  }
}
