package io.github.deepxray.tensorflow.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

class GraphLoweringTest {
  private static final int BATCH = 3;

  /** A head of every layer a head has, on a feature vector. */
  private static Network head() {
    return new Network(
        "head",
        "features",
        List.of(5),
        List.of(
            new Layer.Normalization("standardize", "features"),
            new Layer.Dense("wide", "standardize", 1, true),
            new Layer.Dense("hidden", "standardize", 4, false),
            new Layer.BatchNormalization("hidden_bn", "hidden", 1e-3),
            new Layer.Activation("hidden_activation", "hidden_bn", Layer.Function.SWISH),
            new Layer.Dropout("drop", "hidden_activation", 0.4),
            new Layer.Dense("deep", "drop", 1, true),
            new Layer.Add("logit", "wide", "deep"),
            new Layer.Activation("probability", "logit", Layer.Function.SIGMOID)),
        List.of("probability"));
  }

  /** A graph with a network on variables in it, and a loss: the sum of squares of its output. */
  private static final class Training implements AutoCloseable {
    private final Graph graph = new Graph();
    private final Ops tf = Ops.create(graph);
    private final Network network;
    private final Operand<TFloat32> input;
    private final Operand<TInt64> seedAndStep;
    private final WeightVariables variables;
    private final Map<String, Operand<TFloat32>> tensors;
    private final Operand<TFloat32> loss;
    private final Session session;

    Training(Network network) {
      this(network, false);
    }

    Training(Network network, boolean folding) {
      this.network = network;
      input =
          tf.placeholder(
              TFloat32.class, Placeholder.shape(Tensors.batch(-1, network.inputShape())));
      seedAndStep = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
      variables = WeightBinding.variables(tf, network, name -> true);
      GraphLowering lowering = GraphLowering.training(variables, seedAndStep);
      tensors =
          (folding ? lowering.foldingBatchNormalization() : lowering).lower(tf, network, input);
      Operand<TFloat32> flat =
          tf.reshape(tensors.get(network.outputs().get(0)), tf.constant(new int[] {-1}));
      loss = tf.sum(tf.math.square(flat), tf.constant(0));
      session = new Session(graph, Sessions.config(1));
    }

    float[] run(Operand<TFloat32> fetched, float[] examples, long seed, long step) {
      return run(List.of(fetched.asOutput()), examples, seed, step)[0];
    }

    float[][] run(List<Output<?>> fetched, float[] examples, long seed, long step) {
      int count = examples.length / network.size(network.input());
      try (TFloat32 x = Tensors.of(examples, Tensors.batch(count, network.inputShape()));
          TInt64 key = TInt64.vectorOf(seed, step)) {
        Session.Runner runner = session.runner().feed(input, x).feed(seedAndStep, key);
        fetched.forEach(runner::fetch);
        try (Result result = runner.run()) {
          float[][] values = new float[fetched.size()][];
          for (int i = 0; i < values.length; i++) {
            values[i] = Tensors.toFloats(result.get(i));
          }
          return values;
        }
      }
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  @Test
  void gradientsOfAHeadAgreeWithDifferences() {
    assertGradients(head(), 1e-3);
  }

  @Test
  void gradientsOfAHeadForSeveralClassesAgreeWithDifferences() {
    List<Layer> layers = new ArrayList<>(head().layers().subList(0, 6));
    layers.remove(head().layer("wide"));
    layers.add(new Layer.Dense("logits", "drop", 4, true));
    layers.add(new Layer.Activation("probabilities", "logits", Layer.Function.SOFTMAX));
    assertGradients(
        new Network("classes", "features", List.of(5), layers, List.of("probabilities")), 1e-3);
  }

  @Test
  void gradientsOfAConvolutionalNetworkAgreeWithDifferences() {
    assertGradients(smoothNetwork(), 1e-2);
  }

  private static Network smoothNetwork() {
    // Every kind of layer, but smooth: a difference across the kink of ReLU says nothing.
    Network small = Fixtures.smallNetwork(8);
    List<Layer> layers = new ArrayList<>();
    for (Layer layer : small.layers()) {
      layers.add(
          layer instanceof Layer.Activation a && a.function() == Layer.Function.RELU
              ? new Layer.Activation(a.name(), a.input(), Layer.Function.SWISH)
              : layer);
    }
    return new Network("smooth", small.input(), small.inputShape(), layers, List.of("logit"));
  }

  /** The same function of the same variables: loss and all gradients are equal but for rounding. */
  @Test
  void batchNormalizationFoldedInTheGraphTrainsTheSame() {
    Network network = smoothNetwork();
    Model model = Fixtures.withRandomWeights(network, 3);
    float[] examples = Fixtures.randomImages(network, BATCH, 4);
    float[][] expected = lossAndGradients(network, model, examples, false);
    float[][] folded = lossAndGradients(network, model, examples, true);
    for (int v = 0; v < expected.length; v++) {
      double largest = 0;
      for (float value : expected[v]) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (int i = 0; i < expected[v].length; i++) {
        assertThat(folded[v][i])
            .as("number %d of tensor %d", i, v)
            .isCloseTo(expected[v][i], offset((float) (1e-4 * largest + 1e-6)));
      }
    }
    try (Training training = new Training(network, true)) {
      assertThat(training.tensors.keySet())
          .contains("stem_bn", "top_conv", "dwconv_2")
          .doesNotContain("stem_conv", "expand_conv", "dwconv", "project_conv");
    }
  }

  private static float[][] lossAndGradients(
      Network network, Model model, float[] examples, boolean folding) {
    try (Training training = new Training(network, folding)) {
      training.variables.assign(training.session, model.weights());
      Output<?>[] variables =
          training.variables.trainable().values().stream()
              .map(Operand::asOutput)
              .toArray(Output<?>[]::new);
      List<Output<?>> wanted = new ArrayList<>();
      wanted.add(training.loss.asOutput());
      wanted.addAll(List.of(training.graph.addGradients(training.loss.asOutput(), variables)));
      return training.run(wanted, examples, 1, 2);
    }
  }

  private static void assertGradients(Network network, double tolerance) {
    Model model = Fixtures.withRandomWeights(network, 3);
    float[] examples = Fixtures.randomImages(network, BATCH, 4);
    if (network.inputShape().size() == 1) {
      for (int i = 0; i < examples.length; i++) {
        examples[i] /= 128;
      }
    }
    try (Training training = new Training(network)) {
      training.variables.assign(training.session, model.weights());
      List<String> names = new ArrayList<>(training.variables.trainable().keySet());
      Output<?>[] wanted =
          training.variables.trainable().values().stream()
              .map(Operand::asOutput)
              .toArray(Output<?>[]::new);
      Output<?>[] gradients = training.graph.addGradients(training.loss.asOutput(), wanted);
      float[][] analytic = training.run(List.of(gradients), examples, 1, 2);
      for (int v = 0; v < names.size(); v++) {
        float[] values = model.weights().floats(names.get(v));
        assertThat(analytic[v]).hasSize(values.length);
        int tried = Math.min(4, values.length);
        for (int k = 0; k < tried; k++) {
          int index = k * (values.length / tried);
          float step = 1e-2f;
          double up = lossAt(training, model, names.get(v), index, step, examples);
          double down = lossAt(training, model, names.get(v), index, -step, examples);
          double numeric = (up - down) / (2 * step);
          double scale = Math.max(1, Math.abs(numeric));
          assertThat(analytic[v][index] / scale)
              .as("gradient of %s[%d]", names.get(v), index)
              .isCloseTo(numeric / scale, offset(tolerance));
        }
      }
    }
  }

  private static double lossAt(
      Training training, Model model, String name, int index, float step, float[] examples) {
    FloatTensor tensor = (FloatTensor) model.weights().get(name);
    float[] values = tensor.toFloats();
    values[index] += step;
    Weights changed =
        model
            .weights()
            .plus(Weights.builder().put(name, FloatTensor.of(values, tensor.shape())).build());
    training.variables.assign(training.session, changed);
    float loss = training.run(training.loss, examples, 1, 2)[0];
    training.variables.assign(training.session, model.weights());
    return loss;
  }

  @Test
  void gradientsFlowThroughDropoutOnWhatVariablesMade() {
    Network network =
        new Network(
            "two",
            "x",
            List.of(3),
            List.of(
                new Layer.Dense("first", "x", 6, true),
                new Layer.Dropout("drop", "first", 0.5),
                new Layer.Dropout("drop_again", "drop", 0.5),
                new Layer.Dense("second", "drop_again", 1, true)),
            List.of("second"));
    assertGradients(network, 1e-3);
  }

  @Test
  void trainsOnlyWhatIsAskedFor() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      assertThat(WeightBinding.variables(tf, head(), name -> true).trainable().keySet())
          .containsExactly(
              "wide/kernel",
              "wide/bias",
              "hidden/kernel",
              "hidden_bn/gamma",
              "hidden_bn/beta",
              "deep/kernel",
              "deep/bias");
      WeightVariables variables =
          WeightBinding.variables(tf, head(), name -> name.startsWith("hidden"));
      assertThat(variables.trainable().keySet())
          .containsExactly("hidden/kernel", "hidden_bn/gamma", "hidden_bn/beta");
    }
  }

  @Test
  void variablesGiveBackTheWeightsAndResults() {
    Network network = Fixtures.smallNetwork(16);
    Model model = Fixtures.withRandomWeights(network, 5);
    Model other = Fixtures.withRandomWeights(network, 6);
    float[] image = Fixtures.randomImages(network, 1, 7);
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> input =
          tf.placeholder(
              TFloat32.class, Placeholder.shape(Tensors.batch(-1, network.inputShape())));
      WeightVariables variables = WeightBinding.variables(tf, network, name -> false);
      Operand<TFloat32> output =
          GraphLowering.inference(variables).lower(tf, network, input).get("probability");
      try (Session session = new Session(graph, Sessions.config(1));
          TFloat32 fed = Tensors.of(image, Tensors.batch(1, network.inputShape()))) {
        for (Model each : List.of(model, other, model)) {
          variables.assign(session, each.weights());
          assertThat(variables.read(session)).isEqualTo(each.weights());
          try (Result result = session.runner().feed(input, fed).fetch(output).run()) {
            assertThat((double) Tensors.toFloats(result.get(0))[0])
                .isCloseTo(
                    new ReferenceInterpreter(each).run(image).get("probability")[0], offset(1e-5));
          }
        }
        assertThatThrownBy(() -> variables.assign(session, Weights.empty()))
            .isInstanceOf(DeepXrayException.class)
            .hasMessageContaining("mean");
        Weights misshapen =
            model
                .weights()
                .plus(Weights.builder().put("wide/bias", FloatTensor.of(new float[2], 2)).build());
        assertThatThrownBy(() -> variables.assign(session, misshapen))
            .isInstanceOf(DeepXrayException.class)
            .hasMessageContaining("wide/bias")
            .hasMessageContaining("[1]")
            .hasMessageContaining("[2]");
      }
    }
  }

  @Test
  void dropsTheShareAndScalesTheRest() {
    double rate = 0.3;
    int size = 100_000;
    Network network =
        new Network(
            "drop",
            "x",
            List.of(size),
            List.of(new Layer.Dropout("drop", "x", rate)),
            List.of("drop"));
    float[] ones = new float[size];
    Arrays.fill(ones, 1);
    try (Training training = new Training(network)) {
      float[] values = training.run(training.tensors.get("drop"), ones, 11, 1);
      int dropped = 0;
      for (float value : values) {
        if (value == 0) {
          dropped++;
        } else {
          assertThat(value).isCloseTo((float) (1 / (1 - rate)), offset(1e-6f));
        }
      }
      // Five standard deviations of a binomial of 100,000.
      assertThat(dropped / (double) size).isCloseTo(rate, offset(0.0073));
    }
  }

  @Test
  void dropsExamplesAsAWhole() {
    double rate = 0.3;
    int examples = 5_000;
    Network network =
        new Network(
            "drop",
            "x",
            List.of(2, 3, 4),
            List.of(new Layer.Dropout("drop", "x", rate, true)),
            List.of("drop"));
    float[] input = Fixtures.randomImages(network, examples, 1);
    try (Training training = new Training(network)) {
      float[] values = training.run(training.tensors.get("drop"), input, 11, 1);
      int dropped = 0;
      for (int e = 0; e < examples; e++) {
        int from = e * 24;
        boolean zero = Arrays.equals(Arrays.copyOfRange(values, from, from + 24), new float[24]);
        dropped += zero ? 1 : 0;
        for (int i = from; i < from + 24 && !zero; i++) {
          assertThat((double) values[i]).isCloseTo(input[i] / (1 - rate), offset(1e-3));
        }
      }
      // Five standard deviations of a binomial of 5,000.
      assertThat(dropped / (double) examples).isCloseTo(rate, offset(0.033));
    }
  }

  @Test
  void dropsTheSameForTheSameSeedAndStepOnly() {
    Network network =
        new Network(
            "drops",
            "x",
            List.of(400),
            List.of(
                new Layer.Dropout("drop", "x", 0.5),
                new Layer.Dropout("other", "x", 0.5),
                new Layer.Dropout("never", "x", 0)),
            List.of("drop"));
    float[] ones = new float[800];
    Arrays.fill(ones, 1);
    float[] values;
    try (Training training = new Training(network)) {
      Operand<TFloat32> drop = training.tensors.get("drop");
      values = training.run(drop, ones, 11, 1);
      assertThat(training.run(drop, ones, 11, 1)).isEqualTo(values);
      assertThat(training.run(drop, ones, 11, 2)).isNotEqualTo(values);
      assertThat(training.run(drop, ones, 12, 1)).isNotEqualTo(values);
      assertThat(training.run(training.tensors.get("other"), ones, 11, 1)).isNotEqualTo(values);
      assertThat(training.run(training.tensors.get("never"), ones, 11, 1)).isEqualTo(ones);
      // The two examples are not dropped alike.
      assertThat(Arrays.copyOf(values, 400)).isNotEqualTo(Arrays.copyOfRange(values, 400, 800));
    }
    try (Training again = new Training(network)) {
      assertThat(again.run(again.tensors.get("drop"), ones, 11, 1)).isEqualTo(values);
    }
  }

  @Test
  void takesQuantizedWeightsForTheirRealValues() {
    Network network =
        new Network(
            "dense", "x", List.of(8), List.of(new Layer.Dense("y", "x", 3, false)), List.of("y"));
    FloatTensor kernel =
        (FloatTensor) Fixtures.withRandomWeights(network, 9).weights().get("y/kernel");
    Int8Tensor quantized = Int8Tensor.quantize(kernel, 1);
    float[] x = {1, 0, 0, 0, 0, 0, 0, 0};
    Model model = new Model(network, Weights.builder().put("y/kernel", quantized).build());
    try (TensorFlowEngine engine = new TensorFlowEngine(model, 1)) {
      float[] y = engine.run(x, 1)[0];
      for (int c = 0; c < 3; c++) {
        assertThat(y[c]).isEqualTo(quantized.asBuffer().get(c) * quantized.scales()[c]);
      }
    }
  }

  @Test
  void takesAnyLayerNameAndSeveralNetworksInOneGraph() {
    Network network =
        new Network(
            "names",
            "x",
            List.of(4),
            List.of(
                new Layer.Dense("head/logit", "x", 4, true),
                new Layer.Dense("head/logit_1", "head/logit", 4, true),
                new Layer.Dense("head_logit", "head/logit_1", 4, true),
                new Layer.Dense("_odd name", "head_logit", 4, true),
                new Layer.Dense("MatMul_1", "_odd name", 4, true),
                new Layer.Dense("Const", "MatMul_1", 4, true)),
            List.of("Const"));
    Model model = Fixtures.withRandomWeights(network, 10);
    float[] x = {1, 2, 3, 4};
    double[] expected = new ReferenceInterpreter(model).run(x).get("Const");
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> input =
          tf.placeholder(TFloat32.class, Placeholder.shape(Tensors.batch(-1, List.of(4))));
      WeightBinding constants = WeightBinding.constants(model.weights());
      WeightVariables variables = WeightBinding.variables(tf, network, name -> true);
      Map<String, Operand<TFloat32>> outputs = new HashMap<>();
      outputs.put("a", GraphLowering.inference(constants).lower(tf, network, input).get("Const"));
      outputs.put("b", GraphLowering.inference(constants).lower(tf, network, input).get("Const"));
      outputs.put("c", GraphLowering.inference(variables).lower(tf, network, input).get("Const"));
      try (Session session = new Session(graph, Sessions.config(1));
          TFloat32 fed = Tensors.of(x, Tensors.batch(1, List.of(4)))) {
        variables.assign(session, model.weights());
        for (Operand<TFloat32> output : outputs.values()) {
          try (Result result = session.runner().feed(input, fed).fetch(output).run()) {
            float[] values = Tensors.toFloats(result.get(0));
            for (int i = 0; i < values.length; i++) {
              assertThat((double) values[i]).isCloseTo(expected[i], offset(1e-4));
            }
          }
        }
      }
    }
  }
}
