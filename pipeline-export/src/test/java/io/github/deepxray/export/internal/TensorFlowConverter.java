package io.github.deepxray.export.internal;

import com.google.flatbuffers.FlatBufferBuilder;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.tensorflow.internal.GraphLowering;
import io.github.deepxray.tensorflow.internal.WeightBinding;
import io.github.deepxray.testkit.MinMaxQuantization.Range;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.TensorFlow;
import org.tensorflow.lite.schema.ModelT;
import org.tensorflow.lite.schema.QuantizationParametersT;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.SubGraphT;
import org.tensorflow.lite.schema.TensorT;
import org.tensorflow.lite.schema.TensorType;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * TensorFlow's own converter to TFLite, the one that {@code tf.lite.TFLiteConverter} calls. It is
 * part of the native library but of no Java API; this calls its C++ entry point, so it is bound to
 * TensorFlow 2.18 on 64-bit x86 Linux.
 */
final class TensorFlowConverter {
  // Larger than any of the messages and other objects that are made in place.
  private static final long OBJECT_SIZE = 4096;

  // Where std::string (libstdc++) keeps its characters' address, their number and short texts.
  private static final int STRING_SIZE = 32;
  private static final int STRING_LENGTH = 8;
  private static final int STRING_SHORT = 16;

  private static final String CONVERT =
      "_ZN10tensorflow33ConvertGraphDefToTFLiteFlatBufferERKN6tflite10ModelFlagsE"
          + "RNS0_14ConverterFlagsERKNS_14GraphDebugInfoERKNS_8GraphDefE"
          + "PNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE";
  private static final String QUANTIZE =
      "_ZN4mlir4lite13QuantizeModelESt17basic_string_viewIcSt11char_traitsIcEE"
          + "RKN6tflite10TensorTypeES8_S8_"
          + "RKSt13unordered_setINSt7__cxx1112basic_stringIcS3_SaIcEEESt4hashISD_E"
          + "St8equal_toISD_ESaISD_EEbbRSD_bbb"
          + "RKN4absl12lts_2023080213flat_hash_setISD_NSO_18container_internal10StringHashE"
          + "NSQ_8StringEqESI_EESV_bb"
          + "RKSt8optionalIKN10tensorflow9converter12DebugOptionsEE";
  private static final String EMPTY_GROUP =
      "_ZN4absl12lts_2023080218container_internal11kEmptyGroupE";
  private static final String CONSTRUCTOR = "C1EPN6google8protobuf5ArenaEb";
  private static final String PARSE = "_ZN6google8protobuf11MessageLite14ParseFromArrayEPKvi";

  private final List<NativeLibrary> libraries = new ArrayList<>();
  // Native code keeps the addresses only.
  private final List<Memory> kept = new ArrayList<>();

  private TensorFlowConverter() throws IOException {
    TensorFlow.version();
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      maps.filter(line -> line.matches(".*/libtensorflow_(cc|framework)\\.so\\.\\d+"))
          .map(line -> line.substring(line.indexOf('/')))
          .distinct()
          .forEach(path -> libraries.add(NativeLibrary.getInstance(path)));
    }
  }

  /**
   * The arguments: the folder that takes {@code float.tflite}, {@code dynamic.tflite} and {@code
   * int8.tflite}.
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Model model = TensorFlowConverterTest.model();
    TensorFlowConverter converter = new TensorFlowConverter();
    try (Graph graph = new Graph()) {
      Network network = model.network();
      List<Integer> shape = network.inputShape();
      Ops tf = Ops.create(graph);
      Operand<TFloat32> input =
          tf.withName("input")
              .placeholder(
                  TFloat32.class,
                  Placeholder.shape(Shape.of(1, shape.get(0), shape.get(1), shape.get(2))));
      Map<String, Operand<TFloat32>> tensors =
          GraphLowering.inference(WeightBinding.constants(model.weights()))
              .lower(tf, network, input);
      byte[] graphDef = graph.toGraphDef().toByteArray();
      String output = tensors.get(network.outputs().get(0)).op().name();
      byte[] modelFlags = modelFlags("input", shape, output);
      byte[] floats = converter.convert(modelFlags, converterFlags(false), graphDef);
      Files.write(folder.resolve("float.tflite"), floats);
      Files.write(
          folder.resolve("dynamic.tflite"),
          converter.convert(modelFlags, converterFlags(true), graphDef));
      byte[] calibrated = withRanges(floats, model, TensorFlowConverterTest.ranges(model));
      Files.write(folder.resolve("int8.tflite"), converter.quantize(calibrated));
    }
  }

  /** What calibration adds to a file: the range of each tensor that an operator writes. */
  private static byte[] withRanges(byte[] official, Model model, Map<String, Range> ranges) {
    SubGraph ours = parse(TfLiteWriter.toBytes(model)).subgraphs(0);
    ModelT changed = parse(official).unpack();
    SubGraphT graph = changed.getSubgraphs()[0];
    setRange(graph.getTensors()[graph.getInputs()[0]], ranges.get(model.network().input()));
    for (int o = 0; o < ours.operatorsLength(); o++) {
      // The operators are the same in the same order, which a test holds them to.
      String name = ours.tensors(ours.operators(o).outputs(0)).name();
      Range range = ranges.getOrDefault(name, new Range(0, 1));
      setRange(graph.getTensors()[graph.getOperators()[o].getOutputs()[0]], range);
    }
    FlatBufferBuilder builder = new FlatBufferBuilder(official.length + (1 << 20));
    org.tensorflow.lite.schema.Model.finishModelBuffer(
        builder, org.tensorflow.lite.schema.Model.pack(builder, changed));
    return builder.sizedByteArray();
  }

  private static void setRange(TensorT tensor, Range range) {
    QuantizationParametersT quantization = new QuantizationParametersT();
    quantization.setMin(new float[] {(float) range.min()});
    quantization.setMax(new float[] {(float) range.max()});
    tensor.setQuantization(quantization);
  }

  private static org.tensorflow.lite.schema.Model parse(byte[] file) {
    return org.tensorflow.lite.schema.Model.getRootAsModel(ByteBuffer.wrap(file));
  }

  /** Quantizes a file with ranges to 8 bits; inputs and outputs become integers too. */
  private byte[] quantize(byte[] file) {
    Memory bytes = object(file.length);
    bytes.write(0, file, 0, file.length);
    Memory types = object(1);
    types.setByte(0, TensorType.INT8);
    Memory text = string();
    Memory status = object(Long.BYTES);
    // An empty std::unordered_set: one bucket, which lies in the object, and a load factor of 1.
    Memory names = object(56);
    names.setPointer(0, names.share(48));
    names.setLong(8, 1);
    names.setFloat(32, 1);
    Memory denied = object(64);
    denied.setPointer(0, global(EMPTY_GROUP).share(16));
    function(QUANTIZE)
        .invokeVoid(
            new Object[] {
              status,
              // std::string_view: its length and its characters.
              (long) file.length,
              bytes,
              types,
              types,
              types,
              names,
              // disable_per_channel, fully_quantize
              0,
              1,
              text,
              // verify_numeric, whole_model_verify, legacy_float_scale, as Python gives them
              0,
              0,
              1,
              denied,
              denied,
              // enable_variable_quantization, disable_per_channel_for_dense_layers
              0,
              0,
              // Debug options: none.
              object(OBJECT_SIZE)
            });
    return content(status, text);
  }

  private byte[] convert(byte[] modelFlags, byte[] converterFlags, byte[] graphDef) {
    Memory text = string();
    Memory status = object(Long.BYTES);
    function(CONVERT)
        .invokeVoid(
            new Object[] {
              // What C++ returns by value it writes where the first argument points.
              status,
              message("_ZN6tflite10ModelFlags", modelFlags),
              message("_ZN6tflite14ConverterFlags", converterFlags),
              message("_ZN10tensorflow14GraphDebugInfo", new byte[0]),
              message("_ZN10tensorflow8GraphDef", graphDef),
              text
            });
    return content(status, text);
  }

  /** An empty std::string. */
  private Memory string() {
    Memory text = object(STRING_SIZE);
    text.setPointer(0, text.share(STRING_SHORT));
    return text;
  }

  private static byte[] content(Memory status, Memory text) {
    // An absl::Status that is OK, in the layout of TensorFlow 2.18.
    if (status.getLong(0) != 0) {
      throw new IllegalStateException("TensorFlow's converter failed");
    }
    return text.getPointer(0).getByteArray(0, Math.toIntExact(text.getLong(STRING_LENGTH)));
  }

  private Pointer message(String type, byte[] content) {
    Memory message = object(OBJECT_SIZE);
    function(type + CONSTRUCTOR).invokeVoid(new Object[] {message, Pointer.NULL, 0});
    Memory bytes = object(Math.max(1, content.length));
    bytes.write(0, content, 0, content.length);
    int parsed = function(PARSE).invokeInt(new Object[] {message, bytes, content.length});
    if ((parsed & 1) == 0) {
      throw new IllegalStateException("TensorFlow cannot parse " + type);
    }
    return message;
  }

  private Memory object(long size) {
    Memory memory = new Memory(size);
    memory.clear();
    kept.add(memory);
    return memory;
  }

  private Pointer global(String symbol) {
    UnsatisfiedLinkError missing = new UnsatisfiedLinkError(symbol);
    for (NativeLibrary library : libraries) {
      try {
        return library.getGlobalVariableAddress(symbol);
      } catch (UnsatisfiedLinkError e) {
        missing.addSuppressed(e);
      }
    }
    throw missing;
  }

  private Function function(String symbol) {
    UnsatisfiedLinkError missing = new UnsatisfiedLinkError(symbol);
    for (NativeLibrary library : libraries) {
      try {
        return library.getFunction(symbol);
      } catch (UnsatisfiedLinkError e) {
        missing.addSuppressed(e);
      }
    }
    throw missing;
  }

  /** {@code tflite.ModelFlags}: one input of floats and one output. */
  private static byte[] modelFlags(String input, List<Integer> shape, String output)
      throws IOException {
    byte[] dimensions =
        message(
            out -> {
              out.writeInt32(2, 1);
              for (int dimension : shape) {
                out.writeInt32(2, dimension);
              }
            });
    byte[] inputArray =
        message(
            out -> {
              out.writeString(1, input);
              out.writeInt32(5, 1);
              out.writeBytes(6, ByteString.copyFrom(dimensions));
            });
    return message(
        out -> {
          out.writeBytes(1, ByteString.copyFrom(inputArray));
          out.writeBytes(2, ByteString.copyFrom(output, StandardCharsets.UTF_8));
        });
  }

  /** {@code tflite.ConverterFlags}: from a GraphDef to TFLite, in floats. */
  private static byte[] converterFlags(boolean dynamicRange) throws IOException {
    return message(
        out -> {
          out.writeInt32(1, 1);
          out.writeInt32(2, 2);
          out.writeInt32(4, 1);
          out.writeInt32(11, 1);
          out.writeBool(26, dynamicRange);
          out.writeBool(44, dynamicRange);
        });
  }

  @FunctionalInterface
  private interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.writeTo(out);
    out.flush();
    return bytes.toByteArray();
  }
}
