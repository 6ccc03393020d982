package io.github.deepxray.optimize.internal.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerReportTest {
  private static final int EXAMPLES = 5;

  /** Two convolutions with a swish between them; the first is called as no HTML should be. */
  private static Network network() {
    return new Network(
        "three & more",
        "images",
        List.of(6, 6, 3),
        List.of(
            new Conv2D("<first>", "images", 4, 3, 1, Padding.SAME, true),
            new Activation("swish", "<first>", Function.SWISH),
            new Conv2D("second", "swish", 3, 1, 1, Padding.SAME, true),
            new GlobalAveragePooling2D("features", "second", false)),
        List.of("features"));
  }

  private static Model model() {
    Model random = Fixtures.withRandomWeights(network(), 8);
    float[] kernel = random.weights().floats("<first>/kernel");
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] /= 100;
    }
    Weights small =
        Weights.builder().put("<first>/kernel", FloatTensor.of(kernel, 3, 3, 3, 4)).build();
    return new Model(network(), random.weights().plus(small));
  }

  private static final QuantizationSpec SPEC = QuantizationSpec.of(QuantizationMode.INT8);

  private record Case(Model model, Calibration calibration, Model quantized, LayerReport report) {}

  private static Case analyzed() throws IOException {
    Model model = model();
    RepresentativeDataset images = CalibratorTest.images(model, EXAMPLES);
    Calibration calibration = CalibratorTest.calibrate(model, images);
    Model quantized = new ModelQuantization(SPEC).quantize(model, calibration);
    SimulatedEngines engines = new SimulatedEngines(2);
    LayerReport report =
        new LayerAnalysis(engines, 2, Progress.NONE)
            .analyze(model, quantized, calibration, images, "features");
    assertThat(engines.open()).isZero();
    return new Case(model, calibration, quantized, report);
  }

  @Test
  void everyNumberIsWhatAnIndependentComputationGives() throws IOException {
    Case c = analyzed();
    LayerReport report = c.report();
    assertThat(report.layers().stream().map(LayerReport.Entry::name))
        .containsExactly("images", "<first>", "swish", "second", "features");
    assertThat(report.layers().stream().map(LayerReport.Entry::kind))
        .containsExactly("Input", "Conv2D", "swish", "Conv2D", "GlobalAveragePooling2D");
    assertThat(report.examples()).isEqualTo(EXAMPLES);

    RepresentativeDataset images = CalibratorTest.images(c.model(), EXAMPLES);
    for (LayerReport.Entry entry : report.layers()) {
      Affine affine = c.quantized().quantization().tensor(entry.name());
      assertThat(entry.scale()).isEqualTo(affine.scale());
      assertThat(entry.zeroPoint()).isEqualTo(affine.zeroPoint());
      assertThat(entry.min())
          .isCloseTo(affine.scale() * (-128.0 - affine.zeroPoint()), within(1e-6));
      assertThat(entry.max())
          .isCloseTo(affine.scale() * (127.0 - affine.zeroPoint()), within(1e-6));
      assertThat(entry.histogram()).hasSize(48).contains(1.0).allMatch(h -> h >= 0 && h <= 1);

      double signal = 0;
      double noise = 0;
      double outside = 0;
      double values = 0;
      for (int i = 0; i < EXAMPLES; i++) {
        float[] exact = SimulatedEngines.tensors(c.model(), images.example(i)).get(entry.name());
        float[] rounded =
            SimulatedEngines.tensors(c.quantized(), images.example(i)).get(entry.name());
        for (int v = 0; v < exact.length; v++) {
          signal += (double) exact[v] * exact[v];
          noise += Math.pow((double) rounded[v] - exact[v], 2);
          double half = entry.scale() / 2;
          outside += exact[v] < entry.min() - half || exact[v] > entry.max() + half ? 1 : 0;
          values++;
        }
      }
      double expected = noise == 0 ? 150 : 10 * Math.log10(signal / noise);
      assertThat(entry.accumulatedSqnr()).as(entry.name()).isCloseTo(expected, within(1e-6));
      assertThat(entry.clippedShare()).isCloseTo(outside / values, within(0.02));
    }
    assertThat(report.outputSqnr()).isEqualTo(entry(report, "features").accumulatedSqnr());
  }

  @Test
  void aloneOnlyOneTensorAndItsKernelAreRounded() throws IOException {
    Case c = analyzed();
    Model model = c.model();
    RepresentativeDataset images = CalibratorTest.images(model, EXAMPLES);

    // By hand: the kernel rounded, the tensor rounded, everything else in floats.
    Weights rounded =
        Weights.builder()
            .put(
                "second/kernel",
                FloatTensor.of(c.quantized().weights().floats("second/kernel"), 1, 1, 4, 3))
            .build();
    Model roundedKernel = new Model(model.network(), model.weights().plus(rounded));
    Network rest =
        new Network(
            "rest",
            "second",
            List.of(6, 6, 3),
            List.of(new GlobalAveragePooling2D("features", "second", false)),
            List.of("features"));
    double signal = 0;
    double noise = 0;
    for (int i = 0; i < EXAMPLES; i++) {
      float[] exact = SimulatedEngines.tensors(model, images.example(i)).get("features");
      float[] tensor = SimulatedEngines.tensors(roundedKernel, images.example(i)).get("second");
      float[] stored =
          SimulatedEngines.rounded(
              tensor, c.quantized().quantization().tensor("second"), Arithmetic.INT8);
      float[] actual =
          SimulatedEngines.tensors(new Model(rest, Weights.empty()), stored).get("features");
      for (int v = 0; v < exact.length; v++) {
        signal += (double) exact[v] * exact[v];
        noise += Math.pow((double) actual[v] - exact[v], 2);
      }
    }
    assertThat(entry(c.report(), "second").aloneSqnr().getAsDouble())
        .isCloseTo(10 * Math.log10(signal / noise), within(1e-6));
    // Pixels are integers already.
    assertThat(entry(c.report(), "images").aloneSqnr()).hasValue(150);
    assertThat(entry(c.report(), "swish").aloneSqnr().getAsDouble()).isBetween(10.0, 149.0);

    float[] kernel = model.weights().floats("second/kernel");
    float[] stored = c.quantized().weights().floats("second/kernel");
    double power = 0;
    double error = 0;
    for (int i = 0; i < kernel.length; i++) {
      power += kernel[i] * (double) kernel[i];
      error += Math.pow((double) kernel[i] - stored[i], 2);
    }
    assertThat(entry(c.report(), "second").weightSqnr().getAsDouble())
        .isCloseTo(10 * Math.log10(power / error), within(1e-9));
    assertThat(entry(c.report(), "swish").weightSqnr()).isEmpty();
  }

  @Test
  void layersInFloatsDoNoHarm() throws IOException {
    Model model = model();
    RepresentativeDataset images = CalibratorTest.images(model, EXAMPLES);
    Calibration calibration = CalibratorTest.calibrate(model, images);
    Model quantized =
        new ModelQuantization(SPEC.withKeepFloat(List.of("<first>", "swish", "second", "features")))
            .quantize(model, calibration);
    LayerReport report =
        new LayerAnalysis(new SimulatedEngines(1), 1, Progress.NONE)
            .analyze(model, quantized, calibration, images, "features");
    assertThat(report.outputSqnr()).isEqualTo(150);
    assertThat(report.mostDamaging()).isEmpty();
    assertThat(report.layers()).noneMatch(LayerReport.Entry::integer);
    assertThatThrownBy(
            () ->
                new LayerAnalysis(new SimulatedEngines(1), 1, Progress.NONE)
                    .analyze(model, model, calibration, images, "features"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("has float activations");
  }

  @Test
  void theJsonLeavesOutWhatDoesNotApply(@TempDir Path folder) throws IOException {
    Case c = analyzed();
    Path file = folder.resolve("report.json");
    c.report().writeJson(file);
    JsonNode root = Json.read(file);
    assertThat(root.path("layers")).hasSize(5);
    JsonNode swish = root.path("layers").get(2);
    assertThat(swish.path("name").asText()).isEqualTo("swish");
    assertThat(swish.has("weightSqnr")).isFalse();
    assertThat(swish.path("aloneSqnr").asDouble())
        .isCloseTo(entry(c.report(), "swish").aloneSqnr().getAsDouble(), within(1e-3));
    assertThat(swish.path("histogram")).hasSize(48);
    LayerReport read = LayerReport.read(file);
    assertThat(read.layers().get(2).weightSqnr()).isEmpty();
    assertThat(read.layers().get(2).seenMax()).isEqualTo(c.report().layers().get(2).seenMax());
    Path again = folder.resolve("again.json");
    read.writeJson(again);
    assertThat(again).hasSameBinaryContentAs(file);
  }

  @Test
  void layersThatHurtMostComeFirst() throws IOException {
    LayerReport report = analyzed().report();
    List<Double> alone =
        report.mostDamaging().stream().map(e -> e.aloneSqnr().getAsDouble()).toList();
    assertThat(alone).isSorted().hasSize(5);
  }

  private static LayerReport.Entry entry(LayerReport report, String name) {
    return report.layers().stream().filter(e -> e.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void oneRoundedTensorStaysAValidModel() throws IOException {
    Model prepared = new ModelQuantization(SPEC).prepare(IntegerQuantizationTest.source());
    Calibration calibration =
        CalibratorTest.calibrate(prepared, CalibratorTest.images(prepared, 3));
    Model quantized = new ModelQuantization(SPEC).quantize(prepared, calibration);
    Map<String, Double> alone =
        new LayerAnalysis(new SimulatedEngines(2), 2, Progress.NONE)
            .alone(prepared, quantized, CalibratorTest.images(prepared, 3), "probability");
    for (Layer layer : prepared.network().layers()) {
      boolean stored = LayerAnalysis.storedAsIntegers(quantized, layer.name());
      assertThat(alone.containsKey(layer.name())).as(layer.name()).isEqualTo(stored);
    }
    // Pixels less a whole number are integers too.
    assertThat(alone.get("stem_conv_centering")).isEqualTo(150);
    assertThat(alone.get("project_conv")).isBetween(10.0, 100.0);
  }
}
