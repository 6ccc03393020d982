package io.github.deepxray.train.internal.head;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.keras.internal.KerasHdf5;
import io.github.deepxray.optimize.internal.GradCam;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.WeightOnlyQuantization;
import io.github.deepxray.tensorflow.internal.GraphLowering;
import io.github.deepxray.tensorflow.internal.TensorFlowEngineFactory;
import io.github.deepxray.tensorflow.internal.WeightBinding;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.PatternImages;
import io.github.deepxray.testkit.SharedData;
import io.github.deepxray.tflite.internal.TfLiteEngine;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import io.github.deepxray.train.internal.UntrainedBackbone;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * Grad-CAM of every head that can be trained, held against TensorFlow's own gradients. Measured, in
 * shares of a map's maximum: 3e-6 for half of the maps, 4e-5 at most.
 */
class HeadGradCamTest {
  private static final String FEATURE_MAP = "top_activation";
  private static final int SMALL = 96;

  private static Model untrained;

  @BeforeAll
  static void makeBackbone() {
    untrained =
        UntrainedBackbone.calibrated(
                Fixtures.SMALL_EFFICIENT_NET,
                SMALL,
                IntStream.range(0, PatternImages.COUNT)
                    .mapToObj(pattern -> PatternImages.image(pattern, SMALL))
                    .toList(),
                11,
                Context.of(new TfLiteEngineFactory(), Path.of("unused")))
            .model();
  }

  static Stream<Named<HeadSpec>> heads() throws IOException {
    List<HeadSpec> heads = new ArrayList<>();
    for (String name : HeadSpec.presetNames()) {
      heads.add(HeadSpec.of(name));
    }
    HeadSpec mlp = HeadSpec.of("mlp");
    heads.add(
        new HeadSpec(
            "deep",
            List.of(
                new HeadSpec.Member(List.of(24, 16, 8), 0.5, 0),
                new HeadSpec.Member(List.of(), 0, 0),
                new HeadSpec.Member(List.of(12), 0, 0)),
            true,
            mlp.balanced(),
            mlp.labelSmoothing(),
            mlp.views(),
            mlp.augmentation(),
            mlp.optimizer(),
            mlp.learningRate(),
            mlp.batchSize(),
            mlp.epochs(),
            mlp.patience(),
            mlp.criterion()));
    return heads.stream().map(head -> Named.of(head.name(), head));
  }

  /** A backbone with a head of random weights, which lie about what the backbone gives. */
  private static Model classifier(Model backbone, HeadSpec spec, float[] images, int count) {
    int features = backbone.network().size(EfficientNet.FEATURES);
    Model head = Fixtures.withRandomWeights(HeadNetworks.inference(spec, features), 5);
    if (spec.standardize()) {
      head =
          new Model(
              head.network(), head.weights().plus(statistics(backbone, images, count, features)));
    }
    return backbone.then(head);
  }

  /** Mean and variance of the features of some images. */
  private static Weights statistics(Model backbone, float[] images, int count, int features) {
    float[] vectors;
    try (InferenceEngine engine =
        new TensorFlowEngineFactory().create(Passes.forInference().apply(backbone), 1)) {
      vectors = engine.run(images, count)[0];
    }
    float[] mean = new float[features];
    float[] variance = new float[features];
    for (int f = 0; f < features; f++) {
      double sum = 0;
      double squares = 0;
      for (int n = 0; n < count; n++) {
        double value = vectors[n * features + f];
        sum += value;
        squares += value * value;
      }
      mean[f] = (float) (sum / count);
      variance[f] = (float) (squares / count - sum / count * sum / count + 1e-4);
    }
    return Weights.builder()
        .put(HeadNetworks.STANDARDIZE + "/mean", FloatTensor.of(mean, features))
        .put(HeadNetworks.STANDARDIZE + "/variance", FloatTensor.of(variance, features))
        .build();
  }

  /** What TensorFlow says: the map of each image, from the gradients of the logit. */
  private static double[][] expected(Model model, float[] images, int count) {
    // Outputs are copies of their tensors; the head reads the tensor.
    Network network = model.network().withOutputs(List.of("logit"));
    List<Integer> shape = network.shape(FEATURE_MAP);
    List<Integer> input = network.inputShape();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> fed =
          tf.placeholder(
              TFloat32.class,
              Placeholder.shape(Shape.of(-1, input.get(0), input.get(1), input.get(2))));
      Map<String, Operand<TFloat32>> tensors =
          GraphLowering.inference(WeightBinding.constants(model.weights())).lower(tf, network, fed);
      Operand<TFloat32> map = tensors.get(FEATURE_MAP);
      Output<?> gradient =
          graph.addGradients(tensors.get("logit").asOutput(), new Output<?>[] {map.asOutput()})[0];
      try (Session session = new Session(graph);
          TFloat32 value =
              TFloat32.tensorOf(
                  Shape.of(count, input.get(0), input.get(1), input.get(2)),
                  DataBuffers.of(images));
          Result result = session.runner().feed(fed, value).fetch(map).fetch(gradient).run()) {
        return maps(
            floats((TFloat32) result.get(0)), floats((TFloat32) result.get(1)), shape, count);
      }
    }
  }

  private static float[] floats(TFloat32 tensor) {
    float[] values = new float[Math.toIntExact(tensor.size())];
    tensor.copyTo(DataBuffers.of(values));
    return values;
  }

  private static double[][] maps(float[] maps, float[] gradients, List<Integer> shape, int count) {
    int channels = shape.get(2);
    int pixels = shape.get(0) * shape.get(1);
    double[][] heat = new double[count][pixels];
    for (int n = 0; n < count; n++) {
      int start = n * pixels * channels;
      double[] alpha = new double[channels];
      for (int i = 0; i < pixels * channels; i++) {
        alpha[i % channels] += gradients[start + i] / (double) pixels;
      }
      for (int i = 0; i < pixels * channels; i++) {
        heat[n][i / channels] += alpha[i % channels] * maps[start + i];
      }
      heat[n] = Arrays.stream(heat[n]).map(value -> Math.max(0, value)).toArray();
    }
    return heat;
  }

  /** Runs the model on every engine and compares; at least some maps must not be all 0. */
  private static void compare(Model model, float[] images, int count) {
    double[][] expected = expected(model, images, count);
    Model explaining = Passes.explaining().apply(model);
    byte[] file = TfLiteWriter.toBytes(explaining);
    int size = images.length / count;
    int pixels = expected[0].length;
    double largest = 0;
    try (InferenceEngine plain = new TensorFlowEngineFactory().create(model, 1);
        InferenceEngine tensorFlow = new TensorFlowEngineFactory().create(explaining, 1);
        TfLiteEngine delegated = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT);
        TfLiteEngine kernels =
            TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT.withoutDelegate())) {
      assertThat(delegated.delegatedWhole()).isTrue();
      assertThat(delegated.outputNames()).containsExactly("probability", GradCam.HEAT_MAP);
      float[] probabilities = plain.run(images, count)[0];
      for (InferenceEngine engine : List.of(tensorFlow, delegated, kernels)) {
        String name = engine.getClass().getSimpleName() + (engine == kernels ? ", kernels" : "");
        for (int n = 0; n < count; n++) {
          float[] image = Arrays.copyOfRange(images, n * size, (n + 1) * size);
          float[][] outputs = engine.run(image, 1);
          assertThat(outputs[0]).hasSize(1);
          assertThat(outputs[0][0]).isCloseTo(probabilities[n], within(1e-4f));
          double max = Arrays.stream(expected[n]).max().orElseThrow();
          assertThat(outputs[1]).hasSize(pixels);
          assertClose("map of image " + n + ", " + name, outputs[1], expected[n], 1e-4 * max);
          largest = Math.max(largest, max);
        }
      }
    }
    assertThat(largest).isPositive();
  }

  @ParameterizedTest
  @MethodSource("heads")
  void isWhatTensorFlowsGradientsGive(HeadSpec head) {
    float[] images = PatternImages.batch(SMALL);
    compare(classifier(untrained, head, images, PatternImages.COUNT), images, PatternImages.COUNT);
  }

  @InCi
  @ParameterizedTest
  @MethodSource("heads")
  void isSoOnRealXraysToo(HeadSpec head) throws IOException {
    float[] images = xrays();
    int count = images.length / (224 * 224 * 3);
    Model model =
        classifier(
            new Model(
                EfficientNet.B0.network(),
                KerasHdf5.read(SharedData.weights(), EfficientNet.B0.network())),
            head,
            images,
            count);
    compare(model, images, count);
  }

  private static float[] xrays() throws IOException {
    int each = 3;
    float[] images = new float[2 * each * 224 * 224 * 3];
    try (ZipFile zip = new ZipFile(SharedData.archive().toFile())) {
      int next = 0;
      for (String folder : List.of("/test/NORMAL/", "/test/PNEUMONIA/")) {
        List<String> names = new ArrayList<>();
        Enumeration<? extends ZipEntry> entries = zip.entries();
        while (entries.hasMoreElements()) {
          String name = entries.nextElement().getName();
          if (name.contains(folder) && name.endsWith(".jpeg") && !name.contains("/._")) {
            names.add(name);
          }
        }
        Collections.sort(names);
        for (int i = 0; i < each; i++) {
          String name = names.get(i * names.size() / each);
          byte[] bytes = zip.getInputStream(zip.getEntry(name)).readAllBytes();
          ImageCodec.decode(bytes, name).copyTo(images, next);
          next += 224 * 224 * 3;
        }
      }
    }
    return images;
  }

  @Test
  void theFileWithEightBitWeightsRunsOnBothKernels() throws IOException {
    float[] images = PatternImages.batch(SMALL);
    Model model = classifier(untrained, HeadSpec.of("ensemble"), images, PatternImages.COUNT);
    byte[] file =
        TfLiteWriter.toBytes(
            new WeightOnlyQuantization(Set.of()).apply(Passes.explaining().apply(model)));
    try (TfLiteEngine delegated = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT);
        TfLiteEngine kernels =
            TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT.withoutDelegate())) {
      assertThat(delegated.delegatedWhole()).isTrue();
      float[][] actual = delegated.run(images, PatternImages.COUNT);
      float[][] expected = kernels.run(images, PatternImages.COUNT);
      float max = 0;
      for (float value : expected[1]) {
        max = Math.max(max, value);
      }
      assertClose("probability", actual[0], expected[0], 1e-4);
      assertClose("heat map", actual[1], expected[1], 1e-4 * max);
    }
  }
}
