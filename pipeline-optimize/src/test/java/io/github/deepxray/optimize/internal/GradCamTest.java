package io.github.deepxray.optimize.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GradCamTest {
  private static final int SIZE = 20;
  private static final String FEATURES = "top_activation";

  /** Heads by what is special about them; each reads {@code avg_pool} and writes {@code logit}. */
  private static final Map<String, List<Layer>> HEADS =
      Map.of(
          "no hidden layer",
          List.of(new Dense("logit", "avg_pool", 1, true)),
          "standardized",
          List.of(
              new Normalization("standardize", "avg_pool"),
              new Dense("logit", "standardize", 1, true)),
          "one hidden layer",
          List.of(
              new Dense("hidden", "avg_pool", 8, true),
              new Activation("hidden_relu", "hidden", Function.RELU),
              new Dropout("hidden_drop", "hidden_relu", 0.5),
              new Dense("logit", "hidden_drop", 1, true)),
          "three hidden layers",
          List.of(
              new Normalization("standardize", "avg_pool"),
              new Dense("a", "standardize", 16, true),
              new Activation("a_relu", "a", Function.RELU),
              new Dense("b", "a_relu", 9, false),
              new BatchNormalization("b_bn", "b", 1e-3),
              new Activation("b_relu", "b_bn", Function.RELU),
              new Rescaling("b_scaled", "b_relu", List.of(-3.0), List.of(0.5)),
              new Dense("c", "b_scaled", 7, true),
              new Activation("c_relu", "c", Function.RELU),
              new Dense("logit", "c_relu", 1, true)),
          "three members",
          List.of(
              new Normalization("standardize", "avg_pool"),
              new Dense("one", "standardize", 1, true),
              new Dense("two_hidden", "standardize", 8, true),
              new Activation("two_relu", "two_hidden", Function.RELU),
              new Dense("two", "two_relu", 1, true),
              new Dense("three_hidden", "standardize", 6, true),
              new Activation("three_relu", "three_hidden", Function.RELU),
              new Dense("three", "three_relu", 1, true),
              new Add("one_two", "one", "two"),
              new Add("logit", "one_two", "three")),
          "a shared hidden layer",
          List.of(
              new Dense("hidden", "avg_pool", 8, true),
              new Activation("hidden_relu", "hidden", Function.RELU),
              new Dense("left", "hidden_relu", 5, true),
              new Activation("left_relu", "left", Function.RELU),
              new Activation("right", "hidden_relu", Function.LINEAR),
              new Dense("left_logit", "left_relu", 1, true),
              new Dense("right_logit", "right", 1, true),
              new Add("logit", "left_logit", "right_logit")));

  static Stream<Arguments> headsAndPasses() {
    Map<String, Pass> passes =
        Map.of(
            "raw", model -> model,
            "folded", Passes.forInference(),
            "folded into convolutions",
                new RemoveDropout()
                    .then(new FoldBatchNormalization())
                    .then(FoldNormalization.intoConvolutions()));
    return HEADS.keySet().stream()
        .sorted()
        .flatMap(
            head ->
                passes.entrySet().stream()
                    .map(pass -> Arguments.of(head, pass.getKey(), pass.getValue())));
  }

  private static Model classifier(List<Layer> head) {
    return classifier(head, Function.SIGMOID);
  }

  private static Model classifier(List<Layer> head, Function last) {
    Network backbone = Fixtures.smallNetwork(SIZE).withOutputs(List.of("avg_pool"));
    List<Layer> layers = new ArrayList<>(head);
    layers.add(new Activation("probability", "logit", last));
    Network whole =
        backbone.then(
            new Network(
                "head", "avg_pool", backbone.shape("avg_pool"), layers, List.of("probability")));
    return Fixtures.withRandomWeights(whole, 7);
  }

  /** By its definition: the logit differentiated numerically by each value of the feature map. */
  private static double[] expected(Model model, float[] image) {
    return expected(model, image, 0);
  }

  private static double[] expected(Model model, float[] image, int logit) {
    double[] map = new ReferenceInterpreter(model).run(image).get(FEATURES);
    List<Integer> shape = model.network().shape(FEATURES);
    int channels = shape.get(2);
    int pixels = shape.get(0) * shape.get(1);
    Model after = model.withOutputs(List.of("logit")).after(FEATURES);
    double[] alpha = new double[channels];
    for (int i = 0; i < map.length; i++) {
      double step = 1e-4;
      alpha[i % channels] +=
          (logit(after, map, i, step, logit) - logit(after, map, i, -step, logit))
              / (2 * step)
              / pixels;
    }
    double[] heat = new double[pixels];
    for (int i = 0; i < map.length; i++) {
      heat[i / channels] += alpha[i % channels] * map[i];
    }
    return Arrays.stream(heat).map(value -> Math.max(0, value)).toArray();
  }

  private static double logit(Model after, double[] map, int changed, double step, int index) {
    ReferenceInterpreter interpreter = new ReferenceInterpreter(after);
    Map<String, double[]> tensors = new HashMap<>();
    double[] moved = map.clone();
    moved[changed] += step;
    tensors.put(FEATURES, moved);
    for (Layer layer : after.network().layers()) {
      tensors.put(layer.name(), interpreter.apply(layer, tensors));
    }
    return tensors.get("logit")[index];
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("headsAndPasses")
  void isWhatNumericalDifferentiationGives(String head, String name, Pass before) {
    Model model = classifier(HEADS.get(head));
    Model explaining = new GradCam().apply(before.apply(model));
    Network network = explaining.network();
    assertThat(network.outputs()).containsExactly("probability", GradCam.HEAT_MAP);
    assertThat(network.shape("probability")).containsExactly(1);
    assertThat(network.shape(GradCam.HEAT_MAP)).containsExactly(5, 5, 1);
    double largest = 0;
    for (int seed = 0; seed < 4; seed++) {
      float[] image = Fixtures.randomImages(network, 1, seed);
      Map<String, double[]> tensors = new ReferenceInterpreter(explaining).run(image);
      assertClose(
          "probability",
          tensors.get("probability"),
          new ReferenceInterpreter(model).run(image).get("probability"),
          1e-6);
      double[] expected = expected(model, image);
      double max = Arrays.stream(expected).max().orElseThrow();
      assertClose("heat map", tensors.get(GradCam.HEAT_MAP), expected, 1e-5 * max + 1e-9);
      largest = Math.max(largest, max);
    }
    assertThat(largest).as("a map that is not all 0").isPositive();
  }

  private static final int CLASSES = 4;

  /** With as many logits as there are classes. */
  static Stream<Arguments> headsOfSeveralClasses() {
    return headsAndPasses()
        .map(
            arguments -> {
              List<Layer> head = new ArrayList<>();
              for (Layer layer : HEADS.get((String) arguments.get()[0])) {
                head.add(
                    layer instanceof Dense dense && dense.units() == 1
                        ? new Dense(dense.name(), dense.input(), CLASSES, dense.useBias())
                        : layer);
              }
              return Arguments.of(arguments.get()[0], arguments.get()[1], arguments.get()[2], head);
            });
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("headsOfSeveralClasses")
  void ofSeveralClassesItIsThatOfTheGreatestLogit(
      String head, String name, Pass before, List<Layer> layers) {
    Model model = classifier(layers, Function.SOFTMAX);
    Model explaining = new GradCam().apply(before.apply(model));
    Network network = explaining.network();
    assertThat(network.outputs()).containsExactly("probability", GradCam.HEAT_MAP);
    assertThat(network.shape("probability")).containsExactly(CLASSES);
    assertThat(network.shape(GradCam.HEAT_MAP)).containsExactly(5, 5, 1);
    double largest = 0;
    for (int seed = 0; seed < 6; seed++) {
      float[] image = Fixtures.randomImages(network, 1, seed);
      for (int i = 0; i < image.length; i++) {
        image[i] *= (seed + 1) / 6f;
      }
      Map<String, double[]> tensors = new ReferenceInterpreter(explaining).run(image);
      double[] probabilities = new ReferenceInterpreter(model).run(image).get("probability");
      assertClose("probabilities", tensors.get("probability"), probabilities, 1e-6);
      int greatest = 0;
      for (int c = 1; c < CLASSES; c++) {
        greatest = probabilities[c] > probabilities[greatest] ? c : greatest;
      }
      double[] expected = expected(model, image, greatest);
      double max = Arrays.stream(expected).max().orElseThrow();
      assertClose("heat map", tensors.get(GradCam.HEAT_MAP), expected, 1e-5 * max + 1e-9);
      largest = Math.max(largest, max);
    }
    assertThat(largest).as("a map that is not all 0").isPositive();
  }

  @Test
  void withoutHiddenLayersTheMapIsOneConvolution() {
    Model model = classifier(HEADS.get("standardized"));
    int before = model.network().layers().size();
    // The reshaping of the logit, the convolution, the maximum with 0.
    assertThat(new GradCam().apply(model).network().layers()).hasSize(before + 3);
  }

  @Test
  void layersThatNothingReadsAreNotInTheWay() {
    Model model = classifier(HEADS.get("no hidden layer"));
    Network network = model.network();
    List<Layer> layers = new ArrayList<>(network.layers());
    layers.add(new Activation("unused", "avg_pool", Function.SWISH));
    Network more =
        new Network(
            network.name(), network.input(), network.inputShape(), layers, network.outputs());
    assertThat(new GradCam().apply(new Model(more, model.weights())).network())
        .isEqualTo(new GradCam().apply(model).network());
  }

  @Test
  void namesThatAreTakenAreAvoided() {
    Model model =
        classifier(
            List.of(
                new Dense("hidden", "avg_pool", 4, true),
                new Activation("hidden_relu", "hidden", Function.RELU),
                new Rescaling("hidden_relu_step", "hidden_relu", List.of(2.0), List.of(0.0)),
                new Dropout("heat_map_alpha", "hidden_relu_step", 0.1),
                new Dense("logit", "heat_map_alpha", 1, true)));
    float[] image = Fixtures.randomImages(model.network(), 1, 1);
    assertClose(
        "heat map",
        new ReferenceInterpreter(new GradCam().apply(model)).run(image).get(GradCam.HEAT_MAP),
        expected(model, image),
        1e-6);
  }

  static Stream<Arguments> heads() {
    return Stream.of(
        Arguments.of(
            "hidden_swish (swish)",
            List.of(
                new Dense("hidden", "avg_pool", 4, true),
                new Activation("hidden_swish", "hidden", Function.SWISH),
                new Dense("logit", "hidden_swish", 1, true))),
        Arguments.of(
            "gated (Multiply)",
            List.of(
                new Multiply("gated", "avg_pool", "avg_pool"),
                new Dense("logit", "gated", 1, true))),
        Arguments.of(
            "two pooled feature maps, ",
            List.of(
                new GlobalAveragePooling2D("mid_pool", "relu", false),
                new Dense("top", "avg_pool", 1, true),
                new Dense("mid", "mid_pool", 1, true),
                new Add("logit", "top", "mid"))),
        Arguments.of("probability [7]", List.of(new Dense("logit", "avg_pool", 7, true))));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void refusesWhatItDoesNotUnderstand(String named, List<Layer> head) {
    Network backbone = Fixtures.smallNetwork(SIZE).withOutputs(List.of("avg_pool"));
    List<Layer> layers = new ArrayList<>(backbone.layers());
    layers.addAll(head);
    layers.add(new Activation("probability", "logit", Function.SIGMOID));
    Network network =
        new Network("odd", backbone.input(), backbone.inputShape(), layers, List.of("probability"));
    Model model = Fixtures.withRandomWeights(network, 1);
    assertThatThrownBy(() -> new GradCam().apply(model))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("Grad-CAM of network odd")
        .hasMessageContaining(named);
  }

  @Test
  void refusesOtherOutputsAndQuantizedModels() {
    Model model = classifier(HEADS.get("one hidden layer"));
    for (List<String> outputs :
        List.of(List.of("logit"), List.of("probability", "logit"), List.of("avg_pool"))) {
      assertThatThrownBy(() -> new GradCam().apply(model.withOutputs(outputs)))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("not one probability");
    }
    assertThatThrownBy(() -> new GradCam().apply(new GradCam().apply(model)))
        .isInstanceOf(DeepXrayException.class);
    assertThatThrownBy(() -> new GradCam().apply(new DynamicRangeQuantization().apply(model)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("quantized");
    Model wide =
        classifier(
            List.of(
                new Dense("hidden", "avg_pool", 64, true),
                new Activation("hidden_relu", "hidden", Function.RELU),
                new Dense("logit", "hidden_relu", 1, true)));
    assertThatThrownBy(() -> new GradCam().apply(new WeightOnlyQuantization(Set.of()).apply(wide)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("hidden/kernel");
  }
}
