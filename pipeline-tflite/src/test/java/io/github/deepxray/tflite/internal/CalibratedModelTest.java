package io.github.deepxray.tflite.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.quantize.Calibration;
import io.github.deepxray.optimize.internal.quantize.Calibrator;
import io.github.deepxray.optimize.internal.quantize.LayerAnalysis;
import io.github.deepxray.optimize.internal.quantize.LayerReport;
import io.github.deepxray.optimize.internal.quantize.ModelQuantization;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.RangeMethod;
import io.github.deepxray.optimize.quantize.RangeSelection;
import io.github.deepxray.testkit.ArrayAssertions;
import io.github.deepxray.testkit.Fixtures;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models as pipeline-optimize quantizes them, by its calibration, in TensorFlow Lite. */
class CalibratedModelTest {
  private static final TfLiteEngineFactory ENGINES = new TfLiteEngineFactory();

  private static RepresentativeDataset images(Model model, int count) {
    return new RepresentativeDataset() {
      @Override
      public int size() {
        return count;
      }

      @Override
      public float[] example(int index) {
        return Fixtures.randomImages(model.network(), 1, index);
      }
    };
  }

  private static Model small() {
    Model random = Fixtures.withRandomWeights(Fixtures.smallNetwork(16), 5);
    Weights means =
        Weights.builder()
            .put("normalization/mean", FloatTensor.of(new float[] {0.5f, 0.45f, 0.4f}, 3))
            .build();
    return new Model(random.network(), random.weights().plus(means));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void eightBitsComputeNearlyTheSame(boolean integerHead) throws IOException {
    Model model = small();
    QuantizationSpec spec =
        QuantizationSpec.of(QuantizationMode.INT8)
            .withRanges(RangeSelection.of(RangeMethod.MIN_MAX))
            .withIntegerHead(integerHead);
    Model prepared = new ModelQuantization(spec).prepare(model);
    RepresentativeDataset images = images(model, 12);
    Calibration calibration = new Calibrator(ENGINES, 2, Progress.NONE).calibrate(prepared, images);
    Model quantized = new ModelQuantization(spec).quantize(prepared, calibration);
    for (TfLiteEngineFactory engines : List.of(ENGINES, TfLiteEngineFactory.withoutDelegate())) {
      try (TfLiteEngine exact = engines.create(prepared, 1);
          TfLiteEngine rounded = engines.create(quantized, 1)) {
        for (int i = 0; i < 20; i++) {
          float[] image = images.example(i);
          ArrayAssertions.assertClose(
              "probability", rounded.run(image, 1)[0], exact.run(image, 1)[0], 0.05);
        }
      }
    }
  }

  @Test
  void theCalibrationDoesNotDependOnTheNumberOfEngines() throws IOException {
    Model prepared =
        new ModelQuantization(QuantizationSpec.of(QuantizationMode.INT8)).prepare(small());
    RepresentativeDataset images = images(prepared, 5);
    assertThat(new Calibrator(ENGINES, 3, Progress.NONE).calibrate(prepared, images))
        .isEqualTo(new Calibrator(ENGINES, 1, Progress.NONE).calibrate(prepared, images));
  }

  @ParameterizedTest
  @ValueSource(strings = {"int8", "int16x8"})
  void everyLayerOfEfficientNetCanBeMeasured(String mode) throws IOException {
    QuantizationSpec spec =
        QuantizationSpec.of(QuantizationMode.of(mode))
            .withRanges(RangeSelection.of(RangeMethod.MIN_MAX));
    Model prepared =
        new ModelQuantization(spec)
            .prepare(Fixtures.withRandomWeights(EfficientNet.B0.network(32), 3))
            .cutAt("block2b_add");
    RepresentativeDataset images = images(prepared, 3);
    Calibration calibration = new Calibrator(ENGINES, 1, Progress.NONE).calibrate(prepared, images);
    Model quantized = new ModelQuantization(spec).quantize(prepared, calibration);
    LayerReport report =
        new LayerAnalysis(ENGINES, 1, Progress.NONE)
            .analyze(prepared, quantized, calibration, images, "block2b_add");
    assertThat(report.layers()).hasSize(prepared.network().tensors().size());
    assertThat(report.mostDamaging()).hasSizeGreaterThan(30);
    // An activation alone has no kernel: its tensor is what is rounded.
    assertThat(report.layers())
        .filteredOn(entry -> entry.name().equals("block2a_expand_activation"))
        .singleElement()
        .satisfies(entry -> assertThat(entry.aloneSqnr().getAsDouble()).isLessThan(140));
    // Rounding one tensor does less harm than rounding all.
    assertThat(report.mostDamaging().get(0).aloneSqnr().getAsDouble())
        .isGreaterThan(report.outputSqnr());
    assertThat(report.outputSqnr()).isGreaterThan(mode.equals("int8") ? 10 : 25);
  }
}
