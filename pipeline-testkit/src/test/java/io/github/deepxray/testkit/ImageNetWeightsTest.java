package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.keras.internal.KerasHdf5;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Reads the real weight file of Keras Applications. */
class ImageNetWeightsTest {
  /** Printed by tools/goldens/efficientnet_weights.py, which reads the file with h5py. */
  private static final String VALUES_SHA256 =
      "c00131cfe8fe8348180fc126765db94aca9b70d81fa1061c06ec5d74d16dafa0";

  @Test
  void holdsTheValuesThatH5pyReads() throws IOException {
    Network network = EfficientNet.B0.network();
    Weights weights = KerasHdf5.read(SharedData.weights(), network);
    assertThat(weights.sha256()).isEqualTo(VALUES_SHA256);
    assertThat(new Model(network, weights).weights()).isEqualTo(weights);
  }

  @Test
  void aDeeperVariantMissesATensor() {
    Path file = SharedData.weights();
    assertThatThrownBy(() -> KerasHdf5.read(file, EfficientNet.B1.network()))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(
            file.toString(), "block1b_dwconv/depthwise_kernel", "[3, 3, 16, 1]", "efficientnetb1");
  }

  @Test
  void aWiderVariantNeedsAnotherShape() {
    Path file = SharedData.weights();
    assertThatThrownBy(() -> KerasHdf5.read(file, EfficientNet.B7.network()))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(
            file.toString(),
            "stem_conv/kernel",
            "[3, 3, 3, 32]",
            "[3, 3, 3, 64]",
            "efficientnetb7");
  }
}
