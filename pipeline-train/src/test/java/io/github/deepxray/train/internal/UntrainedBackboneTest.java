package io.github.deepxray.train.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.tensorflow.internal.TensorFlowEngineFactory;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.stage.Context;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class UntrainedBackboneTest {
  private static final int SIZE = 64;
  private static final int IMAGES = 6;

  /** Each normalization, measured on the whole network, brings its channels to mean 0 and 1. */
  @Test
  void normalizesWhatEntersEachNormalization() {
    List<RgbImage> images = images();
    BackboneModel backbone = backbone(3, images);
    Network network = backbone.model().network();
    assertThat(network).isEqualTo(Fixtures.SMALL_EFFICIENT_NET.network(SIZE));
    assertThat(backbone.imageSize()).isEqualTo(SIZE);
    List<Layer.BatchNormalization> normalizations =
        network.layers().stream()
            .filter(Layer.BatchNormalization.class::isInstance)
            .map(Layer.BatchNormalization.class::cast)
            .toList();
    assertThat(normalizations).hasSize(31);
    float[] input = new float[IMAGES * SIZE * SIZE * 3];
    for (int i = 0; i < IMAGES; i++) {
      images.get(i).copyTo(input, i * SIZE * SIZE * 3);
    }
    for (int n = 0; n < normalizations.size(); n += 4) {
      String name = normalizations.get(n).name();
      Model before = backbone.model().cutAt(normalizations.get(n).input());
      float[] entering;
      try (InferenceEngine engine = new TensorFlowEngineFactory().create(before, 2)) {
        entering = engine.run(input, IMAGES)[0];
      }
      float[] mean = backbone.model().weights().floats(name + "/moving_mean");
      float[] variance = backbone.model().weights().floats(name + "/moving_variance");
      int channels = mean.length;
      int rows = entering.length / channels;
      for (int c = 0; c < channels; c += 7) {
        double sum = 0;
        double squares = 0;
        for (int r = 0; r < rows; r++) {
          double d = entering[r * channels + c] - mean[c];
          sum += d;
          squares += d * d;
        }
        double deviation = Math.sqrt(variance[c]) + 1e-6;
        String place = name + " channel " + c;
        assertThat(sum / rows / deviation).as(place).isCloseTo(0, within(2e-3));
        assertThat(Math.sqrt(squares / rows) / deviation).as(place).isCloseTo(1, within(5e-3));
      }
    }
  }

  @Test
  void dependsOnTheSeedAlone() {
    BackboneModel backbone = backbone(3, images());
    assertThat(backbone(3, images()).model().weights()).isEqualTo(backbone.model().weights());
    assertThat(backbone(4, images()).model().weights()).isNotEqualTo(backbone.model().weights());
    assertThat(backbone.source()).contains("untrained", "3");
  }

  private static BackboneModel backbone(long seed, List<RgbImage> images) {
    return UntrainedBackbone.calibrated(
        Fixtures.SMALL_EFFICIENT_NET,
        SIZE,
        images,
        seed,
        Context.of(new TfLiteEngineFactory(), Path.of("unused")));
  }

  private static List<RgbImage> images() {
    return IntStream.range(0, IMAGES)
        .mapToObj(i -> Phantom.draw(i % 2 == 0 ? Slice.NORMAL : Slice.VIRAL, 1, i, 1, SIZE))
        .toList();
  }
}
