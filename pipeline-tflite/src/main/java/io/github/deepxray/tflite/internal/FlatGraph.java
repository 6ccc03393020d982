package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.deepxray.core.weights.FloatTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.tensorflow.lite.schema.Buffer;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.Operator;
import org.tensorflow.lite.schema.OperatorCode;
import org.tensorflow.lite.schema.SignatureDef;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorMap;
import org.tensorflow.lite.schema.TensorType;

/**
 * Tensors and operators of a TFLite model with one subgraph, in terms of TFLite's schema. The order
 * in the file is the order of adding; equal graphs give equal bytes.
 */
final class FlatGraph {
  // Version of the schema; the file identifier is TFL3.
  private static final int SCHEMA_VERSION = 3;

  // Above this code an operator is only in the newer of the two fields.
  private static final int LARGEST_DEPRECATED_CODE = 127;

  // Required by the schema (force_align), but missing in the generated Java.
  private static final int DATA_ALIGNMENT = 16;

  /**
   * Quantization parameters, {@code real = scale * (value - zeroPoint)}, one pair for the whole
   * tensor or one for each index of a dimension.
   */
  record Quantization(List<Float> scales, List<Long> zeroPoints, int dimension) {}

  /**
   * Tensor definition.
   *
   * @param data the values, little-endian; empty for computed tensors
   * @param sparsity the positions of the values, if zeros are omitted
   */
  record TensorDef(
      String name,
      List<Integer> shape,
      byte type,
      Optional<ByteBuffer> data,
      Optional<Quantization> quantization,
      Optional<SparseEncoding> sparsity) {
    /** Creates a dense or computed tensor. */
    TensorDef(
        String name,
        List<Integer> shape,
        byte type,
        Optional<ByteBuffer> data,
        Optional<Quantization> quantization) {
      this(name, shape, type, data, quantization, Optional.empty());
    }
  }

  /**
   * Operator definition with the schema's code and version, and its options as one of the union's
   * types.
   */
  private record OperatorDef(
      OperatorKind kind,
      List<Integer> inputs,
      List<Integer> outputs,
      byte optionsType,
      ToIntFunction<FlatBufferBuilder> options) {}

  private record OperatorKind(int code, int version) {
    int write(FlatBufferBuilder builder) {
      byte old = (byte) Math.min(code, LARGEST_DEPRECATED_CODE);
      return OperatorCode.createOperatorCode(builder, old, 0, version, code);
    }
  }

  private final String name;
  private final List<TensorDef> tensors = new ArrayList<>();
  private final List<OperatorDef> operators = new ArrayList<>();
  private final Map<String, Integer> inputs = new LinkedHashMap<>();
  private final Map<String, Integer> outputs = new LinkedHashMap<>();

  FlatGraph(String name) {
    this.name = name;
  }

  /** Adds a tensor and returns its index. */
  int add(TensorDef tensor) {
    tensors.add(tensor);
    return tensors.size() - 1;
  }

  /** Adds a computed float tensor, or an input. */
  int addFloats(String tensor, List<Integer> shape) {
    return add(
        new TensorDef(tensor, shape, TensorType.FLOAT32, Optional.empty(), Optional.empty()));
  }

  /** Adds a computed integer tensor, or an input. */
  int addIntegers(String tensor, List<Integer> shape, byte type, float scale, long zeroPoint) {
    Quantization quantization = new Quantization(List.of(scale), List.of(zeroPoint), 0);
    return add(new TensorDef(tensor, shape, type, Optional.empty(), Optional.of(quantization)));
  }

  /** Type of a tensor. */
  byte type(int tensor) {
    return tensors.get(tensor).type();
  }

  /** Scale of a tensor of integers with a single scale. */
  float scale(int tensor) {
    return tensors.get(tensor).quantization().orElseThrow().scales().get(0);
  }

  /** Adds constant floats. */
  int addConstant(String tensor, FloatTensor values) {
    ByteBuffer data = littleEndian(values.size() * Float.BYTES);
    data.asFloatBuffer().put(values.asBuffer());
    return add(
        new TensorDef(
            tensor, values.shape(), TensorType.FLOAT32, Optional.of(data), Optional.empty()));
  }

  /** Adds a constant vector of 32-bit integers. */
  int addConstant(String tensor, List<Integer> values) {
    ByteBuffer data = littleEndian(values.size() * Integer.BYTES);
    values.forEach(data::putInt);
    return add(
        new TensorDef(
            tensor,
            List.of(values.size()),
            TensorType.INT32,
            Optional.of(data.flip()),
            Optional.empty()));
  }

  /** Adds an operator; {@code options} writes the table of its options. */
  void addOperator(
      int code,
      int version,
      List<Integer> in,
      List<Integer> out,
      byte optionsType,
      ToIntFunction<FlatBufferBuilder> options) {
    operators.add(new OperatorDef(new OperatorKind(code, version), in, out, optionsType, options));
  }

  /** Adds an operator without options. */
  void addOperator(int code, int version, List<Integer> in, List<Integer> out) {
    addOperator(code, version, in, out, BuiltinOptions.NONE, builder -> 0);
  }

  /** Adds an input, which has this name in the signature. */
  void addInput(String signatureName, int tensor) {
    inputs.put(signatureName, tensor);
  }

  /** Adds an output, which has this name in the signature. */
  void addOutput(String signatureName, int tensor) {
    outputs.put(signatureName, tensor);
  }

  /** Returns the bytes of the file, with its inputs and outputs in a signature. */
  byte[] toBytes(String description, String signatureKey) {
    int dataSize =
        tensors.stream().mapToInt(t -> t.data().map(ByteBuffer::remaining).orElse(0)).sum();
    FlatBufferBuilder builder = new FlatBufferBuilder(dataSize + (1 << 20));

    // The first buffer is empty by convention: the buffer of tensors without data.
    List<Integer> buffers = new ArrayList<>(List.of(emptyBuffer(builder)));
    List<Integer> tensorOffsets = new ArrayList<>();
    QuantizationTables quantizations = new QuantizationTables(builder);
    for (TensorDef tensor : tensors) {
      int buffer = 0;
      if (tensor.data().isPresent()) {
        buffer = buffers.size();
        buffers.add(buffer(builder, tensor.data().get()));
      }
      tensorOffsets.add(tensor(builder, tensor, buffer, quantizations));
    }
    List<OperatorKind> kinds = operators.stream().map(OperatorDef::kind).distinct().toList();
    List<Integer> operatorOffsets = new ArrayList<>();
    for (OperatorDef operator : operators) {
      operatorOffsets.add(operator(builder, operator, kinds.indexOf(operator.kind())));
    }
    int subgraph = subgraph(builder, tensorOffsets, operatorOffsets);
    int[] codes = kinds.stream().mapToInt(kind -> kind.write(builder)).toArray();
    int signature = signature(builder, signatureKey);
    int model =
        Model.createModel(
            builder,
            SCHEMA_VERSION,
            Model.createOperatorCodesVector(builder, codes),
            Model.createSubgraphsVector(builder, new int[] {subgraph}),
            builder.createString(description),
            Model.createBuffersVector(builder, ints(buffers)),
            0,
            0,
            Model.createSignatureDefsVector(builder, new int[] {signature}));
    Model.finishModelBuffer(builder, model);
    return builder.sizedByteArray();
  }

  private int subgraph(FlatBufferBuilder builder, List<Integer> tensors, List<Integer> operators) {
    return SubGraph.createSubGraph(
        builder,
        SubGraph.createTensorsVector(builder, ints(tensors)),
        SubGraph.createInputsVector(builder, ints(inputs.values())),
        SubGraph.createOutputsVector(builder, ints(outputs.values())),
        SubGraph.createOperatorsVector(builder, ints(operators)),
        builder.createString(name));
  }

  private int signature(FlatBufferBuilder builder, String key) {
    return SignatureDef.createSignatureDef(
        builder,
        SignatureDef.createInputsVector(builder, tensorMaps(builder, inputs)),
        SignatureDef.createOutputsVector(builder, tensorMaps(builder, outputs)),
        builder.createString(key),
        0);
  }

  /** Writes a buffer without data. */
  static int emptyBuffer(FlatBufferBuilder builder) {
    Buffer.startBuffer(builder);
    return Buffer.endBuffer(builder);
  }

  /** Writes a buffer with data aligned as the schema requires. */
  static int buffer(FlatBufferBuilder builder, ByteBuffer data) {
    ByteBuffer source = data.duplicate();
    ByteBuffer space = builder.createUnintializedVector(1, source.remaining(), DATA_ALIGNMENT);
    space.put(source);
    return Buffer.createBuffer(builder, builder.endVector());
  }

  private static int tensor(
      FlatBufferBuilder builder, TensorDef tensor, int buffer, QuantizationTables quantizations) {
    int quantization = tensor.quantization().map(quantizations::write).orElse(0);
    int sparsity = tensor.sparsity().map(where -> where.write(builder)).orElse(0);
    return Tensor.createTensor(
        builder,
        Tensor.createShapeVector(builder, ints(tensor.shape())),
        tensor.type(),
        buffer,
        builder.createString(tensor.name()),
        quantization,
        false,
        sparsity,
        0,
        true,
        0);
  }

  private static int operator(FlatBufferBuilder builder, OperatorDef operator, int code) {
    int in = Operator.createInputsVector(builder, ints(operator.inputs()));
    int out = Operator.createOutputsVector(builder, ints(operator.outputs()));
    int options = operator.options().applyAsInt(builder);
    return Operator.createOperator(
        builder, code, in, out, operator.optionsType(), options, 0, (byte) 0, 0, 0);
  }

  private static int[] tensorMaps(FlatBufferBuilder builder, Map<String, Integer> named) {
    return named.entrySet().stream()
        .mapToInt(
            entry ->
                TensorMap.createTensorMap(
                    builder, builder.createString(entry.getKey()), entry.getValue()))
        .toArray();
  }

  static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int[] ints(Iterable<Integer> values) {
    IntStream.Builder stream = IntStream.builder();
    values.forEach(stream::add);
    return stream.build().toArray();
  }
}
