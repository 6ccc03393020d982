package io.github.deepxray.tflite.internal;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import com.google.flatbuffers.Table;
import io.github.deepxray.core.DeepXrayException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.lite.schema.ActivationFunctionType;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.Operator;
import org.tensorflow.lite.schema.TensorType;

/** Operator of a file with its inputs and outputs, and checks common to all kinds. */
final class FileOperator {
  /** Largest stride or dilation: TensorFlow Lite computes positions with the lowest 16 bits. */
  static final int LARGEST_STEP = Short.MAX_VALUE;

  private static final Set<Byte> FUSED =
      Set.of(
          ActivationFunctionType.NONE,
          ActivationFunctionType.RELU,
          ActivationFunctionType.RELU_N1_TO_1,
          ActivationFunctionType.RELU6);

  /** Known facts about tensors before the operator runs; checks add to them. */
  interface Facts {
    /** Whether a tensor has the same values in each run. */
    boolean fixed(FileTensor tensor);

    /** Integers of a tensor, if constant and few enough for a shape. */
    Optional<List<Integer>> integers(FileTensor tensor);

    /** Stores the known integers of a tensor. */
    void learn(FileTensor tensor, List<Integer> integers);
  }

  final int code;
  private final String source;
  private final int index;
  private final Operator table;
  private final Map<Integer, FileTensor> inputs;
  private final List<FileTensor> outputs;
  private final Facts facts;
  private double multiplyAdds;
  private double workspace;
  private double packed;

  /**
   * Creates an operator.
   *
   * @param inputs the inputs by index, without omitted ones
   */
  FileOperator(
      String source,
      int index,
      int code,
      Operator table,
      Map<Integer, FileTensor> inputs,
      List<FileTensor> outputs,
      Facts facts) {
    this.source = source;
    this.index = index;
    this.code = code;
    this.table = table;
    this.inputs = inputs;
    this.outputs = outputs;
    this.facts = facts;
  }

  /** Rejects the file unless a condition holds; the message begins with the operator. */
  @FormatMethod
  void require(boolean condition, @FormatString String format, Object... arguments) {
    if (!condition) {
      throw new DeepXrayException(
          ("%s cannot be run: operator %s %s; it is damaged or was not written by a TFLite "
                  + "converter.")
              .formatted(source, this, String.format(Locale.ROOT, format, arguments)));
    }
  }

  /** Requires a number of inputs, including optional ones, and one output. */
  void requireArity(int least, int most) {
    int count = table.inputsLength();
    require(count >= least && count <= most, "has %d inputs", count);
    require(outputs.size() == 1, "has %d outputs", outputs.size());
  }

  int inputs() {
    return table.inputsLength();
  }

  /** Input of an index. */
  FileTensor input(int place) {
    FileTensor tensor = inputs.get(place);
    require(tensor != null, "has no input %d", place);
    return tensor;
  }

  /** Optional input of an index, if present. */
  Optional<FileTensor> optional(int place) {
    return Optional.ofNullable(inputs.get(place));
  }

  /** All inputs. */
  Collection<FileTensor> given() {
    return inputs.values();
  }

  /** Only output. */
  FileTensor output() {
    return outputs.get(0);
  }

  List<FileTensor> outputs() {
    return outputs;
  }

  /** Table of the options. */
  <T extends Table> T options(byte type, T into) {
    require(
        table.builtinOptionsType() == type && table.builtinOptions(into) != null,
        "has the options of another operator");
    return into;
  }

  /** Requires no options, or an empty table of its kind. */
  void requireNoOptions(byte type) {
    byte actual = table.builtinOptionsType();
    require(actual == BuiltinOptions.NONE || actual == type, "has the options of another operator");
  }

  /** Whether there are options. */
  boolean hasOptions() {
    return table.builtinOptionsType() != BuiltinOptions.NONE;
  }

  void requireFused(byte activation) {
    require(FUSED.contains(activation), "has activation %d", activation);
  }

  void requireRank(FileTensor tensor, int least, int most) {
    require(
        tensor.rank() >= least && tensor.rank() <= most,
        "reads %s of shape %s",
        tensor,
        tensor.shape);
  }

  void requireType(FileTensor tensor, Set<Byte> types) {
    require(types.contains(tensor.type), "has %s of type %s", tensor, FileTensor.name(tensor.type));
  }

  void requireType(FileTensor tensor, byte type) {
    requireType(tensor, Set.of(type));
  }

  /** Requires the shape that its arithmetic gives. */
  void requireShape(List<Integer> shape) {
    double elements = shape.stream().mapToDouble(Integer::doubleValue).reduce(1, (a, b) -> a * b);
    require(elements <= TensorCheck.MOST_ELEMENTS, "writes shape %s", shape);
    List<Integer> said = output().shape;
    require(
        output().take(shape), "writes %s of shape %s where %s comes out", output(), said, shape);
  }

  /** Requires that input and output have the same type. */
  void requireTypeKept(FileTensor read) {
    require(
        output().type == read.type,
        "writes another type, %s, than it reads, %s",
        FileTensor.name(output().type),
        FileTensor.name(read.type));
  }

  /** Requires a single scale for integers. */
  void requireSteps(FileTensor tensor) {
    if (tensor.quantized()) {
      require(tensor.scales() > 0, "computes with %s, whose integers have no scale", tensor);
      require(tensor.scales() == 1, "computes with %s, which has several scales", tensor);
      require(
          tensor.type != TensorType.INT16 || tensor.zeroPoint(0) == 0,
          "computes with %s, which has 16 bits and a zero point",
          tensor);
    }
  }

  /** Requires that values keep their quantization parameters. */
  void requirePassed(FileTensor read) {
    requireTypeKept(read);
    require(
        !read.quantized() || read.sameSteps(output()) || read.scales() + output().scales() == 0,
        "passes %s on with another scale",
        read);
  }

  /** Requires weights: constants, or tensors computed only from constants. */
  void requireFixed(FileTensor tensor) {
    require(facts.fixed(tensor), "has weights, %s, that are not constant", tensor);
  }

  /** Integers of a tensor that are known before the file runs, such as axes. */
  List<Integer> known(FileTensor tensor) {
    requireType(tensor, TensorType.INT32);
    Optional<List<Integer>> integers = facts.integers(tensor);
    require(integers.isPresent(), "has %s, which is not constant", tensor);
    return integers.get();
  }

  /** Integers of a tensor, if known. */
  Optional<List<Integer>> ifKnown(FileTensor tensor) {
    return facts.integers(tensor);
  }

  /** Sets the known integers of the output. */
  void learn(List<Integer> integers) {
    facts.learn(output(), integers);
  }

  /** Converts an axis, which may be negative, to an index from the front. */
  int dimension(int axis, int rank) {
    require(axis >= -rank && axis < rank, "has axis %d of %d", axis, rank);
    return axis < 0 ? axis + rank : axis;
  }

  int step(int pixels) {
    require(pixels >= 1 && pixels <= LARGEST_STEP, "has steps of %d pixels", pixels);
    return pixels;
  }

  /** Sets the number of multiply-adds. */
  void compute(double products) {
    multiplyAdds = products;
  }

  /** Sets the memory needed during the operator, in bytes. */
  void work(double bytes) {
    workspace = bytes;
  }

  /** Sets the memory of the packed weights, in bytes. */
  void pack(double bytes) {
    packed = bytes;
  }

  double multiplyAdds() {
    return multiplyAdds;
  }

  double workspace() {
    return workspace;
  }

  double packed() {
    return packed;
  }

  @Override
  public String toString() {
    return index + " (" + OperatorChecks.name(code) + ")";
  }
}
