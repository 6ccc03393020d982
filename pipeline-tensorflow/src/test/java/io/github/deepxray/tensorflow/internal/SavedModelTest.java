package io.github.deepxray.tensorflow.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.testkit.Fixtures;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Tensor;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;

class SavedModelTest {
  @TempDir Path folder;

  private enum Kind {
    JPEG,
    GREY_JPEG,
    PNG,
    GREY_PNG,
    PNG_16_BIT,
    GREY_PNG_16_BIT,
    PNG_WITH_ALPHA,
    PNG_WITH_PALETTE,
    PNG_1_BIT
  }

  @Test
  void givesTheResultsOfTheModel() throws IOException {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1);
    SavedModelWriter.write(folder, model, Fit.STRETCH);
    try (InferenceEngine expected = new TensorFlowEngine(model, 1);
        SavedModelEngine engine = SavedModelEngine.load(folder, 1)) {
      assertThat(engine.inputShape()).isEqualTo(expected.inputShape());
      assertThat(engine.outputShapes()).isEqualTo(expected.outputShapes());
      assertThat(engine.outputNames()).containsExactly("probability");
      for (int count : new int[] {1, 5}) {
        float[] images = Fixtures.randomImages(model.network(), count, 2);
        assertThat(engine.run(images, count)[0])
            .containsExactly(expected.run(images, count)[0], offset(1e-6f));
      }
    }
  }

  /** It would write a file as soon as it runs. */
  @Test
  void operationsThatAreNotExportedAreRefusedByName() throws IOException {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1);
    SavedModelWriter.write(folder, model, Fit.STRETCH);
    Path file = folder.resolve(SavedModelWriter.FILE);
    SavedModel.Builder changed = SavedModel.parseFrom(Files.readAllBytes(file)).toBuilder();
    changed
        .getMetaGraphsBuilder(0)
        .getGraphDefBuilder()
        .addNode(NodeDef.newBuilder().setName("name").setOp("Const"))
        .addNode(NodeDef.newBuilder().setName("write").setOp("WriteFile").addInput("name"));
    Files.write(file, changed.build().toByteArray());
    assertThatThrownBy(() -> SavedModelEngine.load(folder, 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file + " has operations")
        .hasMessageContaining(": WriteFile;")
        .hasMessageContaining("--trust")
        .hasMessageNotContaining("Const");
    assertThatThrownBy(() -> SavedModelEngine.loadTrusted(folder, 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageNotContaining("--trust");
  }

  /** In the body of a function, too. */
  @Test
  void operationsOfFunctionsAreChecked() throws IOException {
    SavedModelWriter.write(
        folder, Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1), Fit.STRETCH);
    Path file = folder.resolve(SavedModelWriter.FILE);
    SavedModel.Builder changed = SavedModel.parseFrom(Files.readAllBytes(file)).toBuilder();
    changed
        .getMetaGraphsBuilder(0)
        .getGraphDefBuilder()
        .getLibraryBuilder()
        .getFunctionBuilder(0)
        .addNodeDef(NodeDef.newBuilder().setName("call").setOp("PyFunc"));
    Files.write(file, changed.build().toByteArray());
    assertThatThrownBy(() -> SavedModelEngine.load(folder, 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(": PyFunc;");
  }

  @Test
  void readsFilesOfDifferentSizesInOneBatch() throws IOException {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1);
    SavedModelWriter.write(folder, model, Fit.STRETCH);
    List<byte[]> files = new ArrayList<>();
    List<Float> expected = new ArrayList<>();
    try (InferenceEngine engine = new TensorFlowEngine(model, 1)) {
      for (Kind kind : Kind.values()) {
        byte[] file = file(kind, 20 + 7 * files.size(), 40 - 3 * files.size());
        files.add(file);
        float[] pixels = new float[32 * 32 * 3];
        Resizer.resize(ImageCodec.decode(file, kind.name()), 32, 32).copyTo(pixels, 0);
        expected.add(engine.run(pixels, 1)[0][0]);
      }
    }
    try (SavedModelEngine engine = SavedModelEngine.load(folder, 1)) {
      float[] values = engine.runBytes(files)[0];
      assertThat(values).hasSize(files.size());
      for (int i = 0; i < values.length; i++) {
        assertThat(values[i]).as("%s", Kind.values()[i]).isCloseTo(expected.get(i), offset(1e-4f));
        assertThat(engine.runBytes(List.of(files.get(i)))[0])
            .containsExactly(new float[] {values[i]}, offset(1e-6f));
      }
    }
  }

  /** A model that gives its input back shows what the graph makes of the bytes. */
  private static Model same(int height, int width) {
    Network network =
        new Network(
            "same",
            "images",
            List.of(height, width, 3),
            List.of(new Layer.Activation("pixels", "images", Layer.Function.LINEAR)),
            List.of("pixels"));
    return new Model(network, Weights.empty());
  }

  /**
   * Compares the graph's pixels of a file with the core's.
   *
   * @param allowed the share of values that may differ by 1, if the image is resized
   */
  private static void assertPixels(
      SavedModelEngine engine, byte[] file, Fit fit, double allowed, String name) {
    int height = engine.inputShape().get(0);
    int width = engine.inputShape().get(1);
    RgbImage image = ImageCodec.decode(file, name);
    RgbImage fitted = fit.apply(image, height, width);
    float[] expected = new float[height * width * 3];
    fitted.copyTo(expected, 0);
    float[] pixels = engine.runBytes(List.of(file))[0];
    int different = 0;
    for (int i = 0; i < expected.length; i++) {
      // A sum that lies on a half rounds as the last bit of the weights decides.
      assertThat(pixels[i]).as(name).isCloseTo(expected[i], offset(1f));
      different += pixels[i] == expected[i] ? 0 : 1;
    }
    boolean unchanged = image.height() == height && image.width() == width;
    assertThat(different)
        .as("values that differ of " + name)
        .isLessThanOrEqualTo(unchanged ? 0 : (int) (allowed * expected.length));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void decodesAndResizesAsTheCoreDoes(Kind kind) throws IOException {
    SavedModelWriter.write(folder, same(48, 56), Fit.STRETCH);
    int[][] sizes = {{48, 56}, {48, 57}, {96, 112}, {131, 97}, {20, 31}, {500, 700}, {1, 1}};
    try (SavedModelEngine engine = SavedModelEngine.load(folder, 1)) {
      for (int[] size : sizes) {
        byte[] file = file(kind, size[0], size[1]);
        assertPixels(engine, file, Fit.STRETCH, 0.01, kind + " " + Arrays.toString(size));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Fit.class)
  void fitsImagesOfEveryShapeAsTheCoreDoes(Fit fit) throws IOException {
    String sizes =
        "32x32 32x33 33x32 31x32 32x31 64x64 48x56 56x48 47x56 48x57 20x31 97x101 150x151 151x150"
            + " 131x97 90x400 401x89 500x707 1x20 60x3 13x9 1x1";
    for (int[] input : new int[][] {{32, 32}, {48, 56}}) {
      Path model = folder.resolve(input[0] + "x" + input[1]);
      SavedModelWriter.write(model, same(input[0], input[1]), fit);
      try (SavedModelEngine engine = SavedModelEngine.load(model, 1)) {
        for (String size : sizes.split(" ", -1)) {
          String[] sides = size.split("x", -1);
          for (Kind kind : List.of(Kind.PNG, Kind.GREY_JPEG)) {
            byte[] file = file(kind, Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
            // Of simple ratios, such as 3 : 2, more sums lie on a half.
            assertPixels(engine, file, fit, 0.02, kind + " " + size);
          }
        }
      }
    }
  }

  @Test
  void writesTheSameBytesForTheSameModel() throws IOException {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1);
    SavedModelWriter.write(folder.resolve("a"), model, Fit.STRETCH);
    SavedModelWriter.write(folder.resolve("b"), model, Fit.STRETCH);
    assertThat(folder.resolve("a").resolve("saved_model.pb"))
        .hasSameBinaryContentAs(folder.resolve("b").resolve("saved_model.pb"));
  }

  @Test
  void holdsOneCopyOfTheWeightsAndNothingOfTraining() throws IOException {
    Network network =
        new Network(
            "large",
            "images",
            List.of(8, 8, 3),
            List.of(
                new Layer.Conv2D("wide", "images", 512, 3, 1, Layer.Padding.SAME, true),
                new Layer.Conv2D("narrow", "wide", 16, 3, 1, Layer.Padding.SAME, true)),
            List.of("narrow"));
    Model model = Fixtures.withRandomWeights(network, 1);
    SavedModelWriter.write(folder, model, Fit.STRETCH);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactly("saved_model.pb");
    }
    byte[] bytes = Files.readAllBytes(folder.resolve("saved_model.pb"));
    assertThat(bytes.length - 4 * model.weights().parameters()).isBetween(0L, 10_000L);
    Set<String> operations = new HashSet<>();
    SavedModel.parseFrom(bytes)
        .getMetaGraphs(0)
        .getGraphDef()
        .getNodeList()
        .forEach((NodeDef node) -> operations.add(node.getOp()));
    assertThat(operations)
        .containsExactlyInAnyOrder(
            "Placeholder", "MapDefun", "Const", "Conv2D", "BiasAdd", "Identity");
  }

  /** What importers that read one signature alone come upon, from its outputs back. */
  private static Set<NodeDef> reached(MetaGraphDef graph, String signature) {
    Map<String, NodeDef> nodes = new HashMap<>();
    graph.getGraphDef().getNodeList().forEach(node -> nodes.put(node.getName(), node));
    Deque<String> next = new ArrayDeque<>();
    graph
        .getSignatureDefOrThrow(signature)
        .getOutputsMap()
        .values()
        .forEach(info -> next.add(info.getName()));
    Set<NodeDef> reached = new HashSet<>();
    while (!next.isEmpty()) {
      NodeDef node = nodes.get(next.remove().replaceFirst("^\\^", "").replaceFirst(":.*", ""));
      if (reached.add(node)) {
        next.addAll(node.getInputList());
      }
    }
    return reached;
  }

  @Test
  void signaturesHaveNothingButConstantsInCommon() throws IOException {
    SavedModelWriter.write(
        folder, Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1), Fit.STRETCH);
    MetaGraphDef graph =
        SavedModel.parseFrom(Files.readAllBytes(folder.resolve("saved_model.pb"))).getMetaGraphs(0);
    Set<NodeDef> images = reached(graph, "serving_default");
    Set<NodeDef> bytes = reached(graph, "serving_bytes");
    assertThat(images).noneMatch(node -> node.getOp().equals("MapDefun"));
    assertThat(bytes).anyMatch(node -> node.getOp().equals("MapDefun"));
    for (Set<NodeDef> nodes : List.of(images, bytes)) {
      assertThat(nodes).filteredOn(node -> node.getOp().equals("Placeholder")).hasSize(1);
    }
    images.retainAll(bytes);
    assertThat(images).isNotEmpty().allMatch(node -> node.getOp().equals("Const"));
  }

  @Test
  void warmUpRequestsFitTheSignatures() throws IOException {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1);
    SavedModelWriter.write(folder, model, Fit.STRETCH);
    float[] grey = new float[32 * 32 * 3];
    Arrays.fill(grey, 128);
    List<byte[]> requests = ServingWarmup.requests("xray", model.network());
    assertThat(requests).hasSize(2);
    try (SavedModelEngine engine = SavedModelEngine.load(folder, 1)) {
      // tensorflow_serving/apis: PredictionLog.predict_log = 6, PredictLog.request = 1,
      // PredictRequest.model_spec = 1 and inputs = 2, ModelSpec.name = 1 and signature_name = 3.
      UnknownFieldSet byImages = nested(UnknownFieldSet.parseFrom(requests.get(0)), 6, 1);
      assertThat(text(nested(byImages, 1), 1)).isEqualTo("xray");
      assertThat(text(nested(byImages, 1), 3)).isEqualTo("serving_default");
      assertThat(text(nested(byImages, 2), 1)).isEqualTo("images");
      TensorProto images = TensorProto.parseFrom(bytes(nested(byImages, 2), 2));
      assertThat(images.getTensorShape().getDimList().stream().map(d -> d.getSize()))
          .containsExactly(1L, 32L, 32L, 3L);
      assertThat(images.getFloatValList()).containsExactly(128f);

      UnknownFieldSet byBytes = nested(UnknownFieldSet.parseFrom(requests.get(1)), 6, 1);
      assertThat(text(nested(byBytes, 1), 3)).isEqualTo("serving_bytes");
      assertThat(text(nested(byBytes, 2), 1)).isEqualTo("image_bytes");
      TensorProto file = TensorProto.parseFrom(bytes(nested(byBytes, 2), 2));
      assertThat(engine.runBytes(List.of(file.getStringVal(0).toByteArray()))[0])
          .containsExactly(engine.run(grey, 1)[0], offset(1e-5f));
    }
  }

  /** With it, TensorFlow Serving's clients see the same rows as without. */
  @Test
  void theInputGuardHasItsOwnSignature() throws IOException {
    Model model = guarded();
    SavedModelWriter.write(folder, model, Fit.STRETCH);
    MetaGraphDef graph =
        SavedModel.parseFrom(Files.readAllBytes(folder.resolve("saved_model.pb"))).getMetaGraphs(0);
    assertThat(graph.getSignatureDefMap())
        .containsOnlyKeys("serving_default", "serving_bytes", "unfamiliarity");
    for (String key : List.of("serving_default", "serving_bytes")) {
      assertThat(graph.getSignatureDefOrThrow(key).getOutputsMap()).containsOnlyKeys("probability");
      assertThat(reached(graph, key)).noneMatch(node -> node.getName().contains("guard"));
    }
    float[] images = Fixtures.randomImages(model.network(), 3, 2);
    try (InferenceEngine expected = new TensorFlowEngine(model, 1);
        SavedModelEngine engine = SavedModelEngine.load(folder, 1);
        InferenceEngine another = engine.another().orElseThrow();
        SavedModelBundle direct = SavedModelBundle.load(folder.toString(), "serve");
        TFloat32 fed = Tensors.of(images, Tensors.batch(3, List.of(32, 32, 3)))) {
      assertThat(engine.outputNames()).containsExactly("probability", "unfamiliarity");
      assertThat(engine.outputShapes()).containsExactly(List.of(1), List.of(1));
      float[][] wanted = expected.run(images, 3);
      float[][] actual = engine.run(images, 3);
      assertThat(actual).hasDimensions(2, 3);
      assertThat(actual[0]).containsExactly(wanted[0], offset(1e-6f));
      assertThat(actual[1]).containsExactly(wanted[1], offset(1e-6f));
      assertThat(another.run(images, 3)).isDeepEqualTo(actual);
      // As a program of TensorFlow calls it.
      try (Result result = direct.function("unfamiliarity").call(Map.of("images", fed))) {
        Tensor tensor = result.get("unfamiliarity").orElseThrow();
        assertThat(tensor.shape().asArray()).containsExactly(3, 1);
        assertThat(Tensors.toFloats(tensor)).containsExactly(wanted[1], offset(1e-6f));
      }
      byte[] file = file(Kind.PNG, 32, 32);
      assertThat(engine.runBytes(List.of(file))).hasNumberOfRows(1);
    }
    List<byte[]> requests = ServingWarmup.requests("xray", model.network());
    assertThat(requests).hasSize(3);
    UnknownFieldSet guard = nested(UnknownFieldSet.parseFrom(requests.get(2)), 6, 1);
    assertThat(text(nested(guard, 1), 3)).isEqualTo("unfamiliarity");
    assertThat(text(nested(guard, 2), 1)).isEqualTo("images");
  }

  private static Model guarded() {
    return Fixtures.guarded(Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1), 2);
  }

  private void change(UnaryOperator<SignatureDef.Builder> signature) throws IOException {
    SavedModelWriter.write(folder, guarded(), Fit.STRETCH);
    Path file = folder.resolve("saved_model.pb");
    SavedModel.Builder model = SavedModel.parseFrom(Files.readAllBytes(file)).toBuilder();
    MetaGraphDef.Builder graph = model.getMetaGraphsBuilder(0);
    SignatureDef.Builder own = graph.getSignatureDefOrThrow("unfamiliarity").toBuilder();
    graph.putSignatureDef("unfamiliarity", signature.apply(own).build());
    Files.write(file, model.build().toByteArray());
  }

  private static TensorInfo output(SignatureDef.Builder signature, long... shape) {
    TensorShapeProto.Builder sizes = TensorShapeProto.newBuilder();
    Arrays.stream(shape).forEach(size -> sizes.addDimBuilder().setSize(size));
    return signature.getOutputsOrThrow("unfamiliarity").toBuilder().setTensorShape(sizes).build();
  }

  /** Changes of the signature of an input guard that no writer of ours makes. */
  private enum Wrong implements UnaryOperator<SignatureDef.Builder> {
    TWO_VALUES(own -> own.putOutputs("unfamiliarity", output(own, -1, 2))),
    ENORMOUS(own -> own.putOutputs("unfamiliarity", output(own, -1, 1L << 40))),
    NO_BATCH(own -> own.putOutputs("unfamiliarity", output(own))),
    A_MAP(own -> own.putOutputs("unfamiliarity", output(own, -1, 8, 8, 1))),
    STRINGS(
        own ->
            own.putOutputs(
                "unfamiliarity",
                output(own, -1, 1).toBuilder().setDtype(DataType.DT_STRING).build())),
    ANOTHER_OUTPUT(own -> own.putOutputs("more", output(own, -1, 1))),
    ANOTHER_NAME(own -> own.putOutputs("more", output(own, -1, 1)).removeOutputs("unfamiliarity")),
    NO_OUTPUT(SignatureDef.Builder::clearOutputs),
    NO_INPUT(SignatureDef.Builder::clearInputs),
    ANOTHER_INPUT(own -> own.putInputs("images", own.getOutputsOrThrow("unfamiliarity")));

    // No constant has state.
    @SuppressWarnings("ImmutableEnumChecker")
    private final UnaryOperator<SignatureDef.Builder> change;

    Wrong(UnaryOperator<SignatureDef.Builder> change) {
      this.change = change;
    }

    @Override
    public SignatureDef.Builder apply(SignatureDef.Builder signature) {
      return change.apply(signature);
    }
  }

  @ParameterizedTest
  @EnumSource
  void refusesInputGuardsOfAnotherKindInALine(Wrong wrong) throws IOException {
    change(wrong);
    assertThatThrownBy(() -> SavedModelEngine.load(folder, 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageStartingWith(folder + ": ")
        .hasMessageContaining("unfamiliarity")
        .hasMessageNotContaining("\n");
  }

  @Test
  void anInputGuardThatTheGraphHasNotIsNamed() throws IOException {
    change(
        own ->
            own.putOutputs(
                "unfamiliarity", output(own, -1, 1).toBuilder().setName("gone:0").build()));
    try (SavedModelEngine engine = SavedModelEngine.load(folder, 1)) {
      assertThatThrownBy(() -> engine.run(new float[32 * 32 * 3], 1))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(folder + " cannot be run")
          .hasMessageContaining("[gone:0]");
    }
  }

  @Test
  void namesTheFolderThatIsNoSavedModel() throws IOException {
    assertThatThrownBy(() -> SavedModelEngine.load(folder.resolve("missing"), 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("missing");
    Files.writeString(folder.resolve("saved_model.pb"), "not a protocol buffer");
    assertThatThrownBy(() -> SavedModelEngine.load(folder, 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(folder.toString());
    SavedModelWriter.write(
        folder, Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1), Fit.STRETCH);
    byte[] whole = Files.readAllBytes(folder.resolve("saved_model.pb"));
    for (int length : new int[] {0, whole.length / 2, whole.length - 1}) {
      Files.write(folder.resolve("saved_model.pb"), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> SavedModelEngine.load(folder, 1))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(folder.toString());
    }
  }

  @Test
  void refusesWhatItCannotRun() throws IOException {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1);
    SavedModelWriter.write(folder, model, Fit.STRETCH);
    SavedModelEngine engine = SavedModelEngine.load(folder, 1);
    try (engine) {
      assertThatThrownBy(() -> engine.run(new float[10], 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("10")
          .hasMessageContaining("[32, 32, 3]");
      assertThatThrownBy(() -> engine.runBytes(List.of()))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(
              () -> engine.runBytes(List.of("no image".getBytes(StandardCharsets.UTF_8))))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("cannot be decoded");
    }
    engine.close();
    assertThatThrownBy(() -> engine.run(new float[32 * 32 * 3], 1))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> engine.runBytes(List.of(new byte[1])))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void saysThatASignatureNamesWhatTheGraphHasNot() throws IOException {
    Path file = folder.resolve("saved_model.pb");
    SavedModelWriter.write(
        folder, Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1), Fit.STRETCH);
    SavedModel.Builder model = SavedModel.parseFrom(Files.readAllBytes(file)).toBuilder();
    String key = SavedModelWriter.SERVING_DEFAULT;
    SignatureDef signature = model.getMetaGraphs(0).getSignatureDefOrThrow(key);
    SignatureDef.Builder damaged = signature.toBuilder();
    signature
        .getOutputsMap()
        .forEach((name, info) -> damaged.putOutputs(name, info.toBuilder().setName("x:0").build()));
    model.getMetaGraphsBuilder(0).putSignatureDef(key, damaged.build());
    Files.write(file, model.build().toByteArray());
    try (SavedModelEngine engine = SavedModelEngine.load(folder, 1)) {
      assertThatThrownBy(() -> engine.run(new float[32 * 32 * 3], 1))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(folder + " cannot be run")
          .hasMessageContaining("[x:0]");
    }
  }

  @Test
  void refusesToWriteAModelThatReadsNoImages() {
    Network head =
        new Network(
            "head",
            "features",
            List.of(4),
            List.of(new Layer.Dense("logit", "features", 1, true)),
            List.of("logit"));
    assertThatThrownBy(
            () -> SavedModelWriter.write(folder, Fixtures.withRandomWeights(head, 1), Fit.STRETCH))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("[4]");
    assertThat(folder).isEmptyDirectory();
  }

  private static UnknownFieldSet nested(UnknownFieldSet message, int... path) throws IOException {
    UnknownFieldSet at = message;
    for (int field : path) {
      at = UnknownFieldSet.parseFrom(bytes(at, field));
    }
    return at;
  }

  private static ByteString bytes(UnknownFieldSet message, int field) {
    assertThat(message.getField(field).getLengthDelimitedList()).hasSize(1);
    return message.getField(field).getLengthDelimitedList().get(0);
  }

  private static String text(UnknownFieldSet message, int field) {
    return bytes(message, field).toStringUtf8();
  }

  /** Smooth shapes with noise on them, in all bits the kind has. */
  private static byte[] file(Kind kind, int height, int width) throws IOException {
    int type =
        switch (kind) {
          case JPEG, PNG, PNG_16_BIT -> BufferedImage.TYPE_3BYTE_BGR;
          case GREY_JPEG, GREY_PNG -> BufferedImage.TYPE_BYTE_GRAY;
          case GREY_PNG_16_BIT -> BufferedImage.TYPE_USHORT_GRAY;
          case PNG_WITH_ALPHA -> BufferedImage.TYPE_4BYTE_ABGR;
          case PNG_WITH_PALETTE -> BufferedImage.TYPE_BYTE_INDEXED;
          case PNG_1_BIT -> BufferedImage.TYPE_BYTE_BINARY;
        };
    BufferedImage image =
        kind == Kind.PNG_16_BIT ? rgb16(height, width) : new BufferedImage(width, height, type);
    SplittableRandom random = new SplittableRandom(height * 31L + width);
    int bits = image.getSampleModel().getSampleSize(0);
    int levels = kind == Kind.PNG_WITH_PALETTE ? 256 : 1 << bits;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int band = 0; band < image.getRaster().getNumBands(); band++) {
          double value =
              0.5
                  + 0.3 * Math.sin(9.0 * x / width + band) * Math.cos(7.0 * y / height)
                  + 0.2 * random.nextDouble();
          // Transparent pixels are refused.
          boolean opaque = kind == Kind.PNG_WITH_ALPHA && band == 3;
          image.getRaster().setSample(x, y, band, (int) (opaque ? 255 : value * (levels - 1)));
        }
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    boolean jpeg = kind == Kind.JPEG || kind == Kind.GREY_JPEG;
    assertThat(ImageIO.write(image, jpeg ? "jpeg" : "png", out)).isTrue();
    return out.toByteArray();
  }

  private static BufferedImage rgb16(int height, int width) {
    var model =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_sRGB),
            false,
            false,
            Transparency.OPAQUE,
            DataBuffer.TYPE_USHORT);
    return new BufferedImage(
        model, model.createCompatibleWritableRaster(width, height), false, null);
  }
}
