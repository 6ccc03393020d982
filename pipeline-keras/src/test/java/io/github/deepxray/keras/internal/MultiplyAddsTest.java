package io.github.deepxray.keras.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.internal.network.MultiplyAdds;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Network;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MultiplyAddsTest {

  @Test
  void countsByTheDefinitionOfEachLayer() {
    Network network =
        new Network(
            "counted",
            "x",
            List.of(9, 8, 3),
            List.of(
                new Conv2D("same", "x", 4, 3, 2, Padding.SAME, true),
                new Conv2D("valid", "x", 4, 3, 2, Padding.VALID, true),
                new DepthwiseConv2D("depthwise", "same", 5, 1, Padding.SAME, false),
                new GlobalAveragePooling2D("pool", "depthwise", false),
                new Dense("dense", "pool", 7, true)),
            List.of("dense", "valid"));
    assertThat(MultiplyAdds.perLayer(network))
        .containsEntry("same", 5L * 4 * 4 * 3 * 3 * 3)
        .containsEntry("valid", 4L * 3 * 4 * 3 * 3 * 3)
        .containsEntry("depthwise", 5L * 4 * 4 * 5 * 5)
        .containsEntry("dense", 4L * 7)
        .hasSize(4);
    assertThat(MultiplyAdds.total(network)).isEqualTo(2160 + 1296 + 2000 + 28);
  }

  @ParameterizedTest
  // In billions, from table 2 of the paper, which rounds.
  @CsvSource({"B0, 0.39", "B1, 0.70", "B2, 1.0", "B3, 1.8", "B4, 4.2", "B7, 37"})
  void areThoseOfThePaper(EfficientNet variant, double billions) {
    // The classification top that the paper counts and this network lacks.
    long top = 1000L * variant.network().size(EfficientNet.FEATURES);
    double counted = (MultiplyAdds.total(variant.network()) + top) / 1e9;
    assertThat(counted).isBetween(billions * 0.95, billions * 1.06);
  }
}
