package io.github.deepxray.optimize.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.util.List;
import org.junit.jupiter.api.Test;

class FoldCalibrationTest {
  private static final float[] INPUT = {0.5f, -1.25f, 2};

  private static Model model(Layer... layers) {
    Network network =
        new Network(
            "head", "x", List.of(3), List.of(layers), List.of(layers[layers.length - 1].name()));
    return new Model(
        network,
        Weights.builder()
            .put("a/kernel", FloatTensor.of(new float[] {1, 0, -0.5f}, 3, 1))
            .put("a/bias", FloatTensor.of(new float[] {0.25f}, 1))
            .put("b/kernel", FloatTensor.of(new float[] {0.3f, 0.7f, 0.2f}, 3, 1))
            .build());
  }

  private static double run(Model model) {
    return new ReferenceInterpreter(model).run(INPUT).get(model.network().outputs().get(0))[0];
  }

  private static void foldsTo(Model model, int layers) {
    Model folded = new FoldCalibration().apply(model);
    assertThat(folded.network().layers()).hasSize(layers);
    assertThat(run(folded)).isCloseTo(run(model), within(1e-6));
  }

  private static Rescaling calibration(String input) {
    return new Rescaling("c", input, List.of(2.5), List.of(-0.75));
  }

  @Test
  void foldsIntoADenseLayer() {
    Model model =
        model(
            new Dense("a", "x", 1, true),
            calibration("a"),
            new Activation("p", "c", Function.SIGMOID));
    foldsTo(model, 2);
    Model folded = new FoldCalibration().apply(model);
    assertThat(folded.network().layer("p").inputs()).containsExactly("a");
    // A pruned weight stays zero.
    assertThat(folded.weights().floats("a/kernel")).containsExactly(2.5f, 0, -1.25f);
  }

  @Test
  void foldsIntoASumOfDenseLayers() {
    foldsTo(
        model(
            new Dense("a", "x", 1, true),
            new Dense("b", "x", 1, false),
            new Add("s", "a", "b"),
            calibration("s"),
            new Activation("p", "c", Function.SIGMOID)),
        4);
    foldsTo(
        model(
            new Dense("b", "x", 1, false),
            new Dense("a", "x", 1, true),
            new Add("s", "b", "a"),
            calibration("s"),
            new Activation("p", "c", Function.SIGMOID)),
        4);
  }

  @Test
  void leavesWhatOthersRead() {
    foldsTo(model(new Dense("a", "x", 1, true), calibration("a"), new Add("p", "a", "c")), 3);
    foldsTo(model(calibration("x"), new Dense("a", "c", 1, true)), 2);
    foldsTo(model(new Dense("a", "x", 1, true), calibration("a")), 2);
  }
}
