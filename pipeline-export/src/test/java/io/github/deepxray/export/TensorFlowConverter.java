package io.github.deepxray.export;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.tensorflow.GraphLowering;
import io.github.deepxray.tensorflow.WeightBinding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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

  /** The arguments: the folder that takes {@code float.tflite} and {@code dynamic.tflite}. */
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
      Files.write(
          folder.resolve("float.tflite"),
          converter.convert(modelFlags, converterFlags(false), graphDef));
      Files.write(
          folder.resolve("dynamic.tflite"),
          converter.convert(modelFlags, converterFlags(true), graphDef));
    }
  }

  private byte[] convert(byte[] modelFlags, byte[] converterFlags, byte[] graphDef) {
    Memory text = object(STRING_SIZE);
    text.setPointer(0, text.share(STRING_SHORT));
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
