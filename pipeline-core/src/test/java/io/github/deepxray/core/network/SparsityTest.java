package io.github.deepxray.core.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import java.util.List;
import org.junit.jupiter.api.Test;

class SparsityTest {
  private static final Network NETWORK =
      new Network(
          "dense", "x", List.of(3), List.of(new Dense("dense", "x", 2, true)), List.of("dense"));

  @Test
  void countsZerosOfEitherSign() {
    FloatTensor kernel = FloatTensor.of(new float[] {0f, -0f, 1f, -2f, 0f, 1e-30f}, 3, 2);
    Sparsity sparsity = Sparsity.of(model(kernel));
    assertThat(sparsity.tensors().get("dense/kernel")).isEqualTo(new Sparsity.Count(6, 3));
    assertThat(sparsity.weights()).isEqualTo(8);
    assertThat(sparsity.nonZero()).isEqualTo(4);
    assertThat(sparsity.sparsity()).isEqualTo(0.5);
  }

  @Test
  void countsIntegersAsTheyAreStored() {
    FloatTensor kernel = FloatTensor.of(new float[] {0f, 1f, 0.001f, -2f, 100f, 1f}, 3, 2);
    Sparsity sparsity = Sparsity.of(model(Int8Tensor.quantize(kernel, 1)));
    // 0.001 and 0 beside 100 are less than half a step.
    assertThat(sparsity.tensors().get("dense/kernel")).isEqualTo(new Sparsity.Count(6, 4));
  }

  private static Model model(Tensor kernel) {
    return new Model(
        NETWORK,
        Weights.builder()
            .put("dense/kernel", kernel)
            .put("dense/bias", FloatTensor.of(new float[] {0f, 1f}, 2))
            .build());
  }
}
