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
import io.github.deepxray.train.recipe.HeadSpec;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Everything that a run from images to a bundle does, stage by stage.
 *
 * @param source where the images are
 * @param name what to call the model, see {@link ModelPurpose}
 * @param backbone the network and its pretrained weights
 * @param data how the data set is prepared; its images have the backbone's size
 * @param training how the head is trained
 * @param pruning what is pruned at once after training, if anything
 * @param fineTuning how the backbone is trained further, if it is
 * @param quantization the quantized forms, none by default
 * @param bundle how the bundle is written and what its gate accepts
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
   * The default run: the frozen EfficientNetB0, the head {@code ensemble}, no pruning, no
   * fine-tuning, no quantized forms beside {@code dynamic}.
   *
   * @param source where the images are
   * @param seed of everything random in all stages
   */
  public static RunSpec of(DataSource source, long seed) {
    return new RunSpec(
        source,
        ModelPurpose.DEFAULT_NAME,
        BackboneSpec.of(Backbones.DEFAULT),
        DatasetOptions.DEFAULT.withSeed(seed),
        TrainingSpec.of(HeadSpec.DEFAULT, seed),
        Optional.empty(),
        Optional.empty(),
        FormsSpec.of(List.of(), seed),
        BundleSpec.DEFAULT);
  }

  /**
   * Checks that each stage can do what it is asked, as far as the network without its weights
   * tells.
   *
   * @throws DeepXrayException if one cannot
   */
  public void check() {
    Preflight.check(this);
  }

  /**
   * The options as text, by paths such as {@code training.head.name}; without where images and
   * weights are, which says nothing about the result.
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

  /** The same with another backbone; the data set's images get its size. */
  @Override
  public RunSpec withBackbone(BackboneSpec network) {
    return with(o -> o.backbone(network).data(data.withImageSize(network.imageSize())));
  }

  /** The same, pruned at once after training. */
  public RunSpec withPruning(BackbonePruningSpec spec) {
    return withPruning(Optional.of(spec));
  }

  /** The same, fine-tuned. */
  public RunSpec withFineTuning(FineTuningSpec spec) {
    return withFineTuning(Optional.of(spec));
  }

  /** The same with quantized forms, everything else of quantization by default. */
  public RunSpec withForms(QuantizationSpec... forms) {
    return withQuantization(FormsSpec.of(List.of(forms), training.seed()));
  }
}
