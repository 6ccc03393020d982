package io.github.deepxray.train.internal.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.RangeMethod;
import io.github.deepxray.optimize.quantize.RangeSelection;
import io.github.deepxray.optimize.quantize.SearchLimits;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.ProgressNotes;
import io.github.deepxray.tflite.internal.TfLiteEngine;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.FormsSpec.Refit;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.QuantizationResult;
import io.github.deepxray.train.QuantizedForms;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.Trainer;
import io.github.deepxray.train.internal.UntrainedBackbone;
import io.github.deepxray.train.internal.stage.StageManifest;
import io.github.deepxray.train.recipe.CalibrationMode;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On phantoms of 32 pixels and an untrained backbone of which few layers are quantized. */
class QuantizerTest {
  private static final int SIZE = 32;
  private static final double SENSITIVITY = 0.9;
  private static final List<String> MOST =
      List.of("stem", "block1*", "block2*", "block3*", "block4*", "block5*", "block6*");
  // So small an image would be half padding, and half of it another.
  private static final QuantizationSpec INT8 =
      QuantizationSpec.of(QuantizationMode.INT8).withKeepFloat(MOST).withExactPadding(true);

  /** Ranges that cut off so much that the means of all channels move. */
  private static final QuantizationSpec CLIPPED =
      INT8.withRanges(RangeSelection.of(RangeMethod.percentile(0.95)));

  /** Its first and its last operator compute in integers. */
  private static final QuantizationSpec INTEGER_ENDS =
      QuantizationSpec.of(QuantizationMode.INT8)
          .withKeepFloat(MOST.subList(1, MOST.size()))
          .withIntegerHead(true);

  private static final QuantizationSpec INT16X8 =
      QuantizationSpec.of(QuantizationMode.INT16X8).withKeepFloat(MOST);

  @TempDir static Path shared;
  private static PreparedDataset dataset;
  private static TrainedModel trained;

  @TempDir Path folder;
  private final ProgressNotes notes = new ProgressNotes();

  @BeforeAll
  static void prepare() throws IOException {
    Path source = shared.resolve("phantoms");
    PhantomArchive.writeFolder(
        source,
        PhantomOptions.DEFAULT.withTrain(24, 24).withVal(1, 1).withTest(2, 2).withSize(SIZE));
    dataset =
        PreparedDataset.prepare(
            source,
            shared.resolve("data"),
            DatasetOptions.DEFAULT.withImageSize(SIZE).withValidationFraction(0.4),
            Progress.NONE);
    trained = train(Fixtures.SMALL_EFFICIENT_NET);
  }

  private static TrainedModel train(EfficientNet network) throws IOException {
    List<RgbImage> images =
        dataset.readAll(Split.TRAIN).stream().limit(8).map(XrayRecord::decode).toList();
    BackboneModel backbone = UntrainedBackbone.calibrated(network, SIZE, images, 0, context());
    return new Trainer(
            new TrainingSpec(
                HeadSpec.of("logistic").withViews(1).withEpochs(20),
                1,
                SENSITIVITY,
                0.5,
                ValidationViews.PLAIN,
                CalibrationMode.NONE,
                GuardMode.NONE),
            context())
        .train(dataset, backbone, shared.resolve("head of " + network.name()))
        .model();
  }

  private static Context context() {
    return Context.of(new TfLiteEngineFactory(), shared.resolve("cache")).withCores(2);
  }

  private static FormsSpec options(QuantizationSpec spec, Refit refit) {
    return new FormsSpec(
        List.of(spec),
        8,
        false,
        refit,
        Optional.empty(),
        false,
        ElementType.FLOAT32,
        ElementType.FLOAT32,
        false,
        GateLimits.QUANTIZATION,
        1);
  }

  private static FormsSpec corrected(FormsSpec o, boolean biasCorrection) {
    return new FormsSpec(
        o.forms(),
        o.calibrationImages(),
        biasCorrection,
        o.refit(),
        o.search(),
        o.reports(),
        o.input(),
        o.output(),
        o.sparse(),
        o.limits(),
        o.seed());
  }

  private static FormsSpec searching(FormsSpec o, GateLimits limits) {
    return new FormsSpec(
        o.forms(),
        o.calibrationImages(),
        o.biasCorrection(),
        o.refit(),
        Optional.of(new SearchLimits(1, 2)),
        o.reports(),
        o.input(),
        o.output(),
        o.sparse(),
        limits,
        o.seed());
  }

  private static FormsSpec between(ElementType input, ElementType output) {
    FormsSpec o = options(INTEGER_ENDS, Refit.NEVER);
    return new FormsSpec(
        o.forms(),
        o.calibrationImages(),
        false,
        o.refit(),
        o.search(),
        false,
        input,
        output,
        false,
        o.limits(),
        o.seed());
  }

  private QuantizationResult quantize(FormsSpec options, String name) throws IOException {
    return quantize(options, trained, name);
  }

  private QuantizationResult quantize(FormsSpec options, TrainedModel model, String name)
      throws IOException {
    List<QuantizationResult> results =
        new Quantizer(options, context().withProgress(notes))
            .quantize(dataset, model, InputGuard.NONE, folder.resolve(name));
    assertThat(results).hasSize(1);
    return results.get(0);
  }

  private byte[] file(String name, QuantizationSpec spec) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve(Artifact.of(spec.mode().id()).path()));
  }

  private static double[] probabilities(InferenceEngine engine, List<XrayRecord> records) {
    float[] pixels = new float[SIZE * SIZE * 3];
    double[] probabilities = new double[records.size()];
    for (int i = 0; i < probabilities.length; i++) {
      records.get(i).decode().copyTo(pixels, 0);
      probabilities[i] = engine.run(pixels, 1)[0][0];
    }
    return probabilities;
  }

  private static double[] probabilities(byte[] file, Split split) throws IOException {
    try (TfLiteEngine engine = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT)) {
      return probabilities(engine, dataset.readAll(split));
    }
  }

  private static double meanLogit(double[] probabilities) {
    return Arrays.stream(probabilities).map(p -> Math.log(p / (1 - p))).average().orElseThrow();
  }

  /** A threshold that finds as many positives as the classifier does: the share asked for. */
  @Test
  void choosesTheThresholdAnewOnTheValidationSplit() throws IOException {
    QuantizationResult result = quantize(options(INT8, Refit.NEVER), "out");
    double[] scores = probabilities(file("out", INT8), Split.VALIDATION);
    List<XrayRecord> records = dataset.readAll(Split.VALIDATION);
    List<Double> positives = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      if (records.get(i).label().index() == 1) {
        positives.add(scores[i]);
      }
    }
    double threshold = result.form().threshold().orElseThrow();
    assertThat(positives.stream().filter(p -> p >= threshold).count())
        .isEqualTo((long) Math.ceil(SENSITIVITY * positives.size()));
    assertThat(threshold)
        .isNotEqualTo(trained.description().decision().decision().threshold().orElseThrow());
    assertThat(result.validation().images()).isEqualTo(records.size());
    assertThat(result.floatLayers()).isEmpty();
    assertThat(
            QuantizedForms.read(
                folder.resolve("out"), trained.model().weights().sha256(), InputGuard.NONE))
        .containsExactly(result.form());
  }

  /** Of a few channels the means say little. */
  @InCi
  @Test
  void correctsBiases() throws IOException {
    TrainedModel wide = train(new EfficientNet(1, 0.4, 64));
    FormsSpec options = options(CLIPPED, Refit.NEVER);
    quantize(options, wide, "plain");
    quantize(corrected(options, true), wide, "corrected");
    double[] floats;
    Model inFloats = Passes.forInference().apply(wide.model());
    try (InferenceEngine engine = new TfLiteEngineFactory().create(inFloats, 1)) {
      floats = probabilities(engine, dataset.readAll(Split.TRAIN));
    }
    double wanted = meanLogit(floats);
    double plain = meanLogit(probabilities(file("plain", INT8), Split.TRAIN));
    double corrected = meanLogit(probabilities(file("corrected", INT8), Split.TRAIN));
    assertThat(Math.abs(corrected - wanted)).isLessThan(0.5 * Math.abs(plain - wanted));
  }

  @Test
  void trainsTheHeadAnewWhereThatHelps() throws IOException {
    QuantizationResult never = quantize(options(INT8, Refit.NEVER), "never");
    QuantizationResult always = quantize(options(INT8, Refit.ALWAYS), "always");
    QuantizationResult auto = quantize(options(INT8, Refit.AUTO), "auto");
    assertThat(never.refitted()).isFalse();
    assertThat(never.form().description()).doesNotContain("head");
    assertThat(always.refitted()).isTrue();
    assertThat(always.form().description()).contains("head trained anew");
    assertThat(file("always", INT8)).isNotEqualTo(file("never", INT8));
    boolean helps = always.validation().correlation() > never.validation().correlation();
    assertThat(auto.refitted()).isEqualTo(helps);
    assertThat(file("auto", INT8)).isEqualTo(file(helps ? "always" : "never", INT8));
    assertThat(auto.form().threshold()).isEqualTo((helps ? always : never).form().threshold());
  }

  /** There it would take hours, for nothing. */
  @Test
  void trainsNoHeadAnewFor16BitsUnlessTold() throws IOException {
    assertThat(quantize(options(INT16X8, Refit.AUTO), "auto").refitted()).isFalse();
    quantize(options(INT16X8, Refit.NEVER), "never");
    assertThat(file("auto", INT16X8)).isEqualTo(file("never", INT16X8));
    assertThat(quantize(options(INT16X8, Refit.ALWAYS), "always").refitted()).isTrue();
  }

  @Test
  void readsAndWritesTheIntegersAskedFor() throws IOException {
    QuantizationSpec spec = INTEGER_ENDS;
    quantize(between(ElementType.FLOAT32, ElementType.FLOAT32), "float32");
    quantize(between(ElementType.INT8, ElementType.INT8), "int8");
    quantize(between(ElementType.UINT8, ElementType.UINT8), "uint8");
    double[] expected = probabilities(file("float32", spec), Split.VALIDATION);
    // 8-bit pixels are 8-bit integers already.
    assertThat(probabilities(file("int8", spec), Split.VALIDATION)).isEqualTo(expected);
    assertThat(probabilities(file("uint8", spec), Split.VALIDATION)).isEqualTo(expected);
    assertThat(file("uint8", spec)).isNotEqualTo(file("int8", spec));
    TfLiteEngine.Options operators = TfLiteEngine.Options.DEFAULT.withoutDelegate();
    try (TfLiteEngine floats = TfLiteEngine.load(file("float32", spec), operators);
        TfLiteEngine integers = TfLiteEngine.load(file("int8", spec), operators)) {
      // One that quantizes and one that dequantizes.
      assertThat(integers.planSize()).isEqualTo(floats.planSize() - 2);
    }
  }

  @Test
  void theSearchKeepsNothingMoreIfTheFormPasses() throws IOException {
    FormsSpec options = options(INT8, Refit.NEVER);
    quantize(options, "plain");
    GateLimits any = new GateLimits(1, 1, 1, -1);
    QuantizationResult result = quantize(searching(options, any), "searched");
    assertThat(result.floatLayers()).isEmpty();
    assertThat(result.searchFailed()).isFalse();
    assertThat(result.toString()).doesNotContain("limits");
    assertThat(file("searched", INT8)).isEqualTo(file("plain", INT8));
  }

  @Test
  void aSearchThatFailsSaysSo() throws IOException {
    GateLimits none = new GateLimits(0, 0, 0, 1);
    QuantizationResult result = quantize(searching(options(INT8, Refit.NEVER), none), "searched");
    assertThat(result.searchFailed()).isTrue();
    assertThat(result.toString()).contains("no layers to keep in floats found within the limits");
    // One convolution and its activation, none of those that were named.
    assertThat(result.floatLayers())
        .hasSizeBetween(1, 2)
        .allMatch(layer -> !layer.matches("block[1-6].*"));
    List<String> words = List.of(result.form().description().split("[ ,()]+"));
    assertThat(words).doesNotHaveDuplicates().containsAll(MOST).containsAll(result.floatLayers());
  }

  /** With limits between the form whose biases are corrected and the one whose are not. */
  @Test
  void theSearchJudgesWhatIsWritten() throws IOException {
    FormsSpec plain = options(CLIPPED, Refit.NEVER);
    FormsSpec corrected = corrected(plain, true);
    double before = quantize(plain, "plain").validation().maxDeltaProbability();
    double after = quantize(corrected, "corrected").validation().maxDeltaProbability();
    assertThat(after).isNotEqualTo(before);
    GateLimits limits = new GateLimits(1, 1, (before + after) / 2, -1);
    assertThat(quantize(searching(corrected, limits), "searched").floatLayers().isEmpty())
        .isEqualTo(after < before);
    assertThat(quantize(searching(plain, limits), "searched plain").floatLayers().isEmpty())
        .isEqualTo(before < after);
  }

  @Test
  void whatIsFinishedIsNotDoneAgain() throws IOException {
    FormsSpec options = options(INT8, Refit.NEVER);
    QuantizationResult first = quantize(options, "out");
    Path finished = folder.resolve("out").resolve(StageManifest.FILE);
    Object written = Files.getLastModifiedTime(finished);
    assertThat(notes.lines()).isEmpty();
    assertThat(quantize(options, "out")).isEqualTo(first);
    assertThat(notes.lines())
        .singleElement()
        .asString()
        .contains("quantization", "finished", "out");
    assertThat(Files.getLastModifiedTime(finished)).isEqualTo(written);

    QuantizationSpec other = INT8.withKeepFloat(List.of("block*"));
    assertThat(quantize(options(other, Refit.NEVER), "out").form()).isNotEqualTo(first.form());
    Path model = folder.resolve("out").resolve(first.form().file());
    byte[] bytes = Files.readAllBytes(model);
    Files.write(model, Arrays.copyOf(bytes, bytes.length - 1));
    quantize(options(other, Refit.NEVER), "out");
    assertThat(Files.readAllBytes(model)).isEqualTo(bytes);
    assertThat(notes.lines()).hasSize(1);
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> quantize(options(INT8.withKeepFloat(List.of("no")), Refit.AUTO), "a"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("no");
    assertThat(folder.resolve("a")).doesNotExist();
  }
}
