package io.github.deepxray.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.UntrainedBackbone;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.HeadSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every stage runs in the engine and on the cores that the builder was given. */
class PipelineContextTest {
  private static final int CORES = 3;

  @TempDir Path folder;

  /** TFLite that writes down what it is asked for. */
  private static final class Counting implements EngineFactory {
    private final EngineFactory tflite = new TfLiteEngineFactory();
    private final AtomicInteger engines = new AtomicInteger();
    private final Set<Integer> cores = new LinkedHashSet<>();

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public String version() {
      return tflite.version();
    }

    @Override
    public boolean computesInIntegers() {
      return true;
    }

    @Override
    public int parallelEngines(int asked) {
      cores.add(asked);
      return tflite.parallelEngines(asked);
    }

    @Override
    public InferenceEngine create(Model model, int threads) {
      engines.incrementAndGet();
      return tflite.create(model, threads);
    }

    /** Ends a stage. */
    void assertUsedBy(String stage) {
      assertThat(engines.getAndSet(0)).as("engines of " + stage).isPositive();
      assertThat(cores).as("cores of " + stage).containsExactly(CORES);
      cores.clear();
    }
  }

  @InCi
  @Test
  void isThatOfEveryStage() throws IOException {
    int size = Fixtures.SMALL_EFFICIENT_NET.resolution();
    PhantomArchive.writeFolder(
        folder.resolve("phantoms"),
        PhantomOptions.DEFAULT.withTrain(12, 16).withVal(2, 2).withTest(8, 10).withSize(size));
    Counting engines = new Counting();
    Pipeline pipeline = Pipeline.in(folder.resolve("out")).withEngine(engines).withCores(CORES);
    PreparedDataset dataset =
        pipeline.prepare(
            folder.resolve("phantoms"),
            DatasetOptions.DEFAULT.withImageSize(size).withValidationFraction(0.3));
    List<RgbImage> images =
        dataset.readAll(Split.TRAIN).stream().limit(8).map(XrayRecord::decode).toList();
    TrainingSpec trainer = TrainingSpec.of(HeadSpec.of("logistic").withViews(1).withEpochs(2), 1);

    pipeline.train(
        UntrainedBackbone.calibrated(
            Fixtures.SMALL_EFFICIENT_NET, size, images, 0, pipeline.context()),
        trainer);
    engines.assertUsedBy("training");
    assertThat(pipeline.model().description().engine()).startsWith("counting ");
    pipeline.prune(
        new BackbonePruningSpec(
            Optional.empty(), Optional.of(PruningSpec.of(0.2).withFrom("top")), 4, trainer));
    engines.assertUsedBy("pruning");
    pipeline.fineTune(
        FineTuningSpec.of(
            FineTuningRecipe.DEFAULT
                .withFrom("top")
                .withEpochs(1)
                .withViews(1)
                .withAugmentation(Augmentation.MILD),
            1));
    engines.assertUsedBy("fine-tuning");
    pipeline.evaluate();
    engines.assertUsedBy("evaluation");
    pipeline.quantize(FormsSpec.of(List.of(QuantizationSpec.of(QuantizationMode.INT8)), 1));
    engines.assertUsedBy("quantization");
  }
}
