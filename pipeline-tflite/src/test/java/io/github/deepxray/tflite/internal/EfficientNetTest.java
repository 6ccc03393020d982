package io.github.deepxray.tflite.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.Float16Tensor;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.keras.internal.KerasHdf5;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.FoldBatchNormalization;
import io.github.deepxray.optimize.internal.FoldNormalization;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.RemoveDropout;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.KerasGoldens;
import io.github.deepxray.testkit.MinMaxQuantization;
import io.github.deepxray.testkit.MinMaxQuantization.Range;
import io.github.deepxray.testkit.PatternImages;
import io.github.deepxray.testkit.SharedData;
import io.github.deepxray.tflite.internal.TfLiteWriter.Options;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** EfficientNetB0 with its ImageNet weights. */
@InCi
class EfficientNetTest {
  private static Model model;
  private static Model folded;
  private static float[] images;

  @BeforeAll
  static void readWeights() throws IOException {
    Network network = EfficientNet.B0.network();
    model = new Model(network, KerasHdf5.read(SharedData.weights(), network));
    folded = Passes.forInference().apply(model);
    images = PatternImages.batch(EfficientNet.B0.resolution());
  }

  @Test
  void foldedAndUnfoldedAgreeWithKeras() {
    float[] expected = flat(KerasGoldens.efficientNetB0Features());
    float[] unfolded = features(TfLiteWriter.toBytes(model), TfLiteEngine.Options.DEFAULT);
    byte[] file = TfLiteWriter.toBytes(folded);
    assertClose("unfolded", unfolded, expected, 1e-4);
    float[] fast = features(file, TfLiteEngine.Options.DEFAULT);
    assertClose("folded", fast, expected, 1e-4);
    assertClose("folded against unfolded", fast, unfolded, 1e-4);
    float[] plain = features(file, TfLiteEngine.Options.DEFAULT.withoutDelegate());
    assertClose("without XNNPACK", plain, expected, 1e-4);
  }

  @Test
  void xnnpackRunsTheWholeGraph() {
    Model dynamic = new DynamicRangeQuantization().apply(folded);
    for (Model each : new Model[] {model, folded, dynamic}) {
      byte[] file = TfLiteWriter.toBytes(each);
      try (TfLiteEngine engine = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT)) {
        assertThat(engine.delegatedWhole()).isTrue();
        assertThat(engine.planSize()).isEqualTo(1);
      }
      try (TfLiteEngine engine =
          TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT.withoutDelegate())) {
        assertThat(engine.delegatedWhole()).isFalse();
        assertThat(engine.planSize()).isGreaterThan(200);
      }
    }
  }

  @Test
  void filesAreAsLargeAsTheirWeights() {
    // About 4 million values of 4 bytes; of 1 byte those in kernels of 1,024 and more.
    assertThat(TfLiteWriter.toBytes(folded).length).isBetween(15_950_000, 16_050_000);
    Model dynamic = new DynamicRangeQuantization().apply(folded);
    assertThat(TfLiteWriter.toBytes(dynamic).length).isBetween(4_250_000, 4_350_000);
  }

  @Test
  void dynamicRangeQuantizationStaysNearFloat() {
    byte[] file = TfLiteWriter.toBytes(new DynamicRangeQuantization().apply(folded));
    float[] expected = flat(KerasGoldens.efficientNetB0Features());
    assertThat(correlation(features(file, TfLiteEngine.Options.DEFAULT), expected))
        .isGreaterThan(0.99);
    assertThat(
            correlation(features(file, TfLiteEngine.Options.DEFAULT.withoutDelegate()), expected))
        .isGreaterThan(0.99);
  }

  /**
   * Plain ranges of artificial images: far from the best there is, but nothing is lost outright.
   */
  @Test
  void integersKeepMostOfTheFeatures() {
    Model unscaled = unscaled();
    Map<String, Range> ranges =
        MinMaxQuantization.ranges(new TfLiteEngineFactory(), unscaled, images, PatternImages.COUNT);
    float[] expected = features(TfLiteWriter.toBytes(unscaled), TfLiteEngine.Options.DEFAULT);

    Model int8 = MinMaxQuantization.quantize(unscaled, Arithmetic.INT8, ranges, Set.of());
    for (Options options :
        List.of(
            Options.DEFAULT,
            Options.DEFAULT.withInput(ElementType.INT8).withOutput(ElementType.INT8))) {
      byte[] file = TfLiteWriter.toBytes(int8, options);
      assertThat(file.length).isBetween(4_300_000, 4_500_000);
      try (TfLiteEngine engine = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT)) {
        assertThat(engine.delegatedWhole()).isTrue();
      }
      assertThat(correlation(features(file, TfLiteEngine.Options.DEFAULT), expected))
          .isGreaterThan(0.5);
      assertThat(
              correlation(features(file, TfLiteEngine.Options.DEFAULT.withoutDelegate()), expected))
          .isGreaterThan(0.5);
    }
  }

  /** What the kernels of 8 bits cost is in both; activations of 16 bits cost nothing beside it. */
  @Test
  void activationsOf16BitsLoseHardlyAnything() {
    Model unscaled = unscaled();
    Map<String, Range> ranges =
        MinMaxQuantization.ranges(new TfLiteEngineFactory(), unscaled, images, PatternImages.COUNT);
    Model int16 = MinMaxQuantization.quantize(unscaled, Arithmetic.INT16, ranges, Set.of());
    byte[] kernelsOnly = TfLiteWriter.toBytes(int16.with(Quantization.NONE));
    assertThat(
            correlation(
                features(TfLiteWriter.toBytes(int16), TfLiteEngine.Options.DEFAULT),
                features(kernelsOnly, TfLiteEngine.Options.DEFAULT)))
        .isGreaterThan(0.999);
  }

  @Test
  void halvesKeepTheFeatures() {
    Weights.Builder halves = Weights.builder();
    folded
        .weights()
        .asMap()
        .forEach((name, tensor) -> halves.put(name, Float16Tensor.of((FloatTensor) tensor)));
    byte[] file = TfLiteWriter.toBytes(new Model(folded.network(), halves.build()));
    assertThat(file.length).isBetween(8_000_000, 8_100_000);
    float[] expected = flat(KerasGoldens.efficientNetB0Features());
    assertThat(correlation(features(file, TfLiteEngine.Options.DEFAULT), expected))
        .isGreaterThan(0.9999);
  }

  /** With everything before the first convolution in it. */
  private static Model unscaled() {
    return new RemoveDropout()
        .then(new FoldBatchNormalization())
        .then(FoldNormalization.intoConvolutions())
        .apply(model);
  }

  private static float[] features(byte[] file, TfLiteEngine.Options options) {
    try (TfLiteEngine engine = TfLiteEngine.load(file, options)) {
      return engine.run(images, PatternImages.COUNT)[0];
    }
  }

  private static float[] flat(float[][] rows) {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, all, i * rows[0].length, rows[0].length);
    }
    return all;
  }

  /** Pearson's correlation coefficient. */
  private static double correlation(float[] a, float[] b) {
    double meanA = 0;
    double meanB = 0;
    for (int i = 0; i < a.length; i++) {
      meanA += a[i] / (double) a.length;
      meanB += b[i] / (double) b.length;
    }
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (a[i] - meanA) * (b[i] - meanB);
      aa += (a[i] - meanA) * (a[i] - meanA);
      bb += (b[i] - meanB) * (b[i] - meanB);
    }
    return ab / Math.sqrt(aa * bb);
  }
}
