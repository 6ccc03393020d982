package io.github.deepxray.tflite.internal;

import com.google.errorprone.annotations.FormatMethod;
import io.github.deepxray.core.DeepXrayException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.Operator;
import org.tensorflow.lite.schema.OperatorCode;
import org.tensorflow.lite.schema.SignatureDef;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.TensorMap;

/**
 * Checks a file before TensorFlow Lite loads it. TensorFlow Lite checks that tables and vectors are
 * inside the file and, in part, the inputs of each operator; XNNPACK trusts the file. Both end the
 * process or hang on files that no converter writes. A valid file has one graph whose operators
 * read only available tensors and write each tensor once; only operators of {@link OperatorChecks},
 * each with valid types, shapes, options and scales; and no more work and memory than {@link
 * FileLimits} allows.
 */
final class FileCheck implements FileOperator.Facts {
  private static final int MOST_TENSORS = 50_000;
  private static final int MOST_OPERATORS = 20_000;

  /** Largest number of inputs or outputs of an operator, the graph or a signature. */
  private static final int MOST_PLACES = 256;

  /** Tables may be shared: a small file can describe much. */
  private static final long MOST_SCALES = 1L << 22;

  /** Shapes and axes have few numbers; others need not be known. */
  private static final int MOST_INTEGERS = 16;

  private final String source;
  private final Model model;
  private final SchemaFields fields;
  private final FileLimits limits;
  private final List<FileTensor> tensors = new ArrayList<>();
  private final List<FileOperator> operators = new ArrayList<>();
  private final Map<Integer, List<Integer>> learned = new HashMap<>();

  // Tensors with values before the current operator runs, and those of them with constant values.
  private final BitSet ready = new BitSet();
  private final BitSet fixed = new BitSet();

  /**
   * Creates a check.
   *
   * @param source the name of the file in messages
   * @param bytes the content, a verified flatbuffer
   */
  FileCheck(String source, byte[] bytes) {
    this.source = source;
    this.model = Model.getRootAsModel(ByteBuffer.wrap(bytes));
    this.fields = SchemaFields.root(ByteBuffer.wrap(bytes));
    this.limits = new FileLimits(bytes.length);
  }

  /**
   * Checks the whole file.
   *
   * @throws DeepXrayException if the file is invalid; the message names the file and the fault
   */
  void check() {
    require(model.subgraphsLength() == 1, "it has %d graphs instead of 1", model.subgraphsLength());
    SubGraph graph = model.subgraphs(0);
    require(graph.operatorsLength() > 0, "it has no operators");
    require(
        graph.tensorsLength() <= MOST_TENSORS && graph.operatorsLength() <= MOST_OPERATORS,
        "it has %d tensors and %d operators",
        graph.tensorsLength(),
        graph.operatorsLength());
    names(graph);
    tensors(graph);
    inputs(graph);
    List<List<FileTensor>> lastReads = lastReads(graph);
    for (int o = 0; o < graph.operatorsLength(); o++) {
      operator(graph, o);
      lastReads.get(o).stream().filter(this::temporary).forEach(limits::release);
    }
    for (int i = 0; i < graph.outputsLength(); i++) {
      int tensor = graph.outputs(i);
      require(ready.get(tensor) && !tensors.get(tensor).sparse, "output %d is never written", i);
    }
    signatures();
  }

  /** Rejects operators that are not supported, by name. */
  private void names(SubGraph graph) {
    for (int o = 0; o < graph.operatorsLength(); o++) {
      Operator operator = graph.operators(o);
      require(operator.opcodeIndex() < model.operatorCodesLength(), "operator %d has no code", o);
      int code = code(operator);
      if (!OperatorChecks.accepts(code)) {
        throw new DeepXrayException(
            ("%s cannot be run: it uses operator %s, which is not among those of image "
                    + "classifiers that are checked (%s); convert a model without it.")
                .formatted(source, OperatorChecks.name(code), OperatorChecks.accepted()));
      }
    }
  }

  private void tensors(SubGraph graph) {
    long scales = 0;
    long places = 0;
    for (int t = 0; t < graph.tensorsLength(); t++) {
      int index = t;
      var tensor = graph.tensors(t);
      require(
          tensor.buffer() < model.buffersLength(),
          "tensor %d has no buffer %d",
          t,
          tensor.buffer());
      int buffer = (int) tensor.buffer();
      require(!fields.outside(buffer, t), "tensor %d has values outside of the file's tables", t);
      int stored = model.buffers(buffer).dataLength();
      scales += tensor.quantization() == null ? 0 : tensor.quantization().scaleLength();
      require(scales <= MOST_SCALES, "it has more than %d scales", MOST_SCALES);
      places += TensorCheck.places(tensor);
      require(places <= model.getByteBuffer().capacity(), "its sparse tensors share their places");
      TensorCheck.storage(tensor, stored)
          .or(() -> TensorCheck.quantization(tensor))
          .or(() -> TensorCheck.sparsity(tensor, stored))
          .ifPresent(wrong -> require(false, "tensor %d %s", index, wrong));
      FileTensor checked = new FileTensor(t, tensor, model.buffers(buffer));
      tensors.add(checked);
      ready.set(t, checked.constant);
      fixed.set(t, checked.constant);
    }
  }

  private void inputs(SubGraph graph) {
    require(
        graph.inputsLength() > 0
            && graph.outputsLength() > 0
            && graph.inputsLength() <= MOST_PLACES
            && graph.outputsLength() <= MOST_PLACES,
        "it has %d inputs and %d outputs",
        graph.inputsLength(),
        graph.outputsLength());
    for (int i = 0; i < graph.inputsLength(); i++) {
      FileTensor tensor = tensor(graph.inputs(i));
      require(!ready.get(tensor.index), "input %d is %s, which is not free", i, tensor);
      ready.set(tensor.index);
      limits.hold(tensor);
    }
    for (int i = 0; i < graph.outputsLength(); i++) {
      tensor(graph.outputs(i));
    }
  }

  /** Tensors to release after each operator, computed in a run and not read later. */
  private List<List<FileTensor>> lastReads(SubGraph graph) {
    int[] last = new int[tensors.size()];
    List<List<FileTensor>> released = new ArrayList<>();
    for (int o = 0; o < graph.operatorsLength(); o++) {
      released.add(new ArrayList<>());
      Operator operator = graph.operators(o);
      require(
          operator.inputsLength() <= MOST_PLACES && operator.outputsLength() <= MOST_PLACES,
          "operator %d has %d inputs and %d outputs",
          o,
          operator.inputsLength(),
          operator.outputsLength());
      for (int i = 0; i < operator.inputsLength(); i++) {
        // -1 is an omitted optional input.
        if (operator.inputs(i) != -1) {
          last[tensor(operator.inputs(i)).index] = o;
        }
      }
      for (int i = 0; i < operator.outputsLength(); i++) {
        last[tensor(operator.outputs(i)).index] = o;
      }
    }
    BitSet kept = new BitSet();
    for (int i = 0; i < graph.outputsLength(); i++) {
      kept.set(graph.outputs(i));
    }
    for (int i = 0; i < graph.inputsLength(); i++) {
      kept.set(graph.inputs(i));
    }
    for (FileTensor tensor : tensors) {
      if (!tensor.constant && !kept.get(tensor.index)) {
        released.get(last[tensor.index]).add(tensor);
      }
    }
    return released;
  }

  /** Whether a tensor is written in each run; values computed from constants may be kept. */
  private boolean temporary(FileTensor tensor) {
    return ready.get(tensor.index) && !fixed.get(tensor.index);
  }

  private void operator(SubGraph graph, int index) {
    FileOperator operator = wired(graph, index);
    OperatorChecks.check(operator);
    operators.add(operator);
    operator.outputs().forEach(limits::hold);
    limits.run(operator);
    limits
        .exceeded()
        .ifPresent(beyond -> require(false, "it %s up to operator %s", beyond, operator));
  }

  /** Checks the inputs and outputs of an operator, and marks the outputs as available. */
  private FileOperator wired(SubGraph graph, int index) {
    Operator table = graph.operators(index);
    Map<Integer, FileTensor> inputs = new HashMap<>();
    List<FileTensor> outputs = new ArrayList<>();
    for (int i = 0; i < table.inputsLength(); i++) {
      if (table.inputs(i) != -1) {
        inputs.put(i, tensor(table.inputs(i)));
      }
    }
    for (int i = 0; i < table.outputsLength(); i++) {
      outputs.add(tensor(table.outputs(i)));
    }
    int code = code(table);
    FileOperator operator = new FileOperator(source, index, code, table, inputs, outputs, this);
    for (FileTensor tensor : inputs.values()) {
      operator.require(ready.get(tensor.index), "reads %s before it is written", tensor);
      operator.require(
          code == BuiltinOperator.DENSIFY || !tensor.sparse, "reads %s, which is sparse", tensor);
    }
    for (FileTensor tensor : outputs) {
      operator.require(!ready.get(tensor.index), "writes %s once more", tensor);
      ready.set(tensor.index);
      fixed.set(tensor.index, inputs.values().stream().allMatch(this::fixed));
    }
    return operator;
  }

  /**
   * Checks for valid operators that end the process under XNNPACK, or give wrong results.
   *
   * @throws DeepXrayException if there is one; the message suggests to run without XNNPACK
   */
  void delegable() {
    BitSet read = new BitSet();
    SubGraph graph = model.subgraphs(0);
    for (int i = 0; i < graph.outputsLength(); i++) {
      read.set(graph.outputs(i));
    }
    operators.forEach(operator -> operator.given().forEach(tensor -> read.set(tensor.index)));
    for (FileOperator operator : operators) {
      boolean used = operator.outputs().stream().anyMatch(tensor -> read.get(tensor.index));
      Optional<String> unused = used ? Optional.empty() : Optional.of("writes what nothing reads");
      unused
          .or(() -> DelegateChecks.wrong(operator))
          .ifPresent(
              wrong -> {
                throw new DeepXrayException(
                    "%s cannot be run with XNNPACK: operator %s %s; run it without."
                        .formatted(source, operator, wrong));
              });
    }
  }

  private void signatures() {
    for (int s = 0; s < model.signatureDefsLength(); s++) {
      SignatureDef signature = model.signatureDefs(s);
      require(signature.subgraphIndex() == 0, "signature %d is of another graph", s);
      require(
          signature.inputsLength() <= MOST_PLACES && signature.outputsLength() <= MOST_PLACES,
          "signature %d has %d inputs and %d outputs",
          s,
          signature.inputsLength(),
          signature.outputsLength());
      for (int i = 0; i < signature.inputsLength(); i++) {
        signature(s, signature.inputs(i));
      }
      for (int i = 0; i < signature.outputsLength(); i++) {
        signature(s, signature.outputs(i));
      }
    }
  }

  private void signature(int index, TensorMap named) {
    require(
        named.tensorIndex() < tensors.size(),
        "signature %d has no tensor %d",
        index,
        named.tensorIndex());
  }

  @Override
  public boolean fixed(FileTensor tensor) {
    return fixed.get(tensor.index);
  }

  @Override
  public Optional<List<Integer>> integers(FileTensor tensor) {
    return tensor.elements() > MOST_INTEGERS
        ? Optional.empty()
        : Optional.ofNullable(learned.get(tensor.index)).or(tensor::integers);
  }

  @Override
  public void learn(FileTensor tensor, List<Integer> integers) {
    learned.put(tensor.index, List.copyOf(integers));
  }

  private int code(Operator operator) {
    OperatorCode code = model.operatorCodes((int) operator.opcodeIndex());
    return Math.max(code.deprecatedBuiltinCode(), code.builtinCode());
  }

  private FileTensor tensor(int index) {
    require(index >= 0 && index < tensors.size(), "there is no tensor %d", index);
    return tensors.get(index);
  }

  @FormatMethod
  private void require(boolean condition, String format, Object... arguments) {
    if (!condition) {
      throw new DeepXrayException(
          "%s cannot be run: %s; it is damaged or was not written by a TFLite converter."
              .formatted(source, String.format(Locale.ROOT, format, arguments)));
    }
  }
}
