package io.github.deepxray.tflite;

import static io.github.deepxray.testkit.Closeness.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.KerasHdf5;
import io.github.deepxray.optimize.DynamicRangeQuantization;
import io.github.deepxray.optimize.Passes;
import io.github.deepxray.testkit.KerasGoldens;
import io.github.deepxray.testkit.PatternImages;
import io.github.deepxray.testkit.SharedData;
import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** EfficientNetB0 with its ImageNet weights. */
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
    assertThat(TfLiteWriter.toBytes(dynamic).length).isBetween(4_450_000, 4_550_000);
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
