package io.github.deepxray.tflite;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorflowlite.BuiltinOpResolver;
import org.bytedeco.tensorflowlite.BuiltinOpResolverWithoutDefaultDelegates;
import org.bytedeco.tensorflowlite.FlatBufferModel;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.InterpreterBuilder;
import org.bytedeco.tensorflowlite.StringVector;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/**
 * Runs a {@code .tflite} file with TensorFlow Lite's interpreter, one example at a time.
 *
 * <p>Inputs and outputs may be 32-bit floats or quantized to 8 or 16 bits; those are quantized and
 * dequantized with their tensor's own scale and zero point, so that callers see floats always.
 */
public final class TfLiteEngine implements InferenceEngine {
  /**
   * How to run a file.
   *
   * @param threads how many threads one call may use, at least 1
   * @param delegate whether XNNPACK runs what it can; without it, TFLite's own kernels run
   *     everything, several times slower
   */
  public record Options(int threads, boolean delegate) {
    /** One thread, with XNNPACK: the choice for several engines side by side. */
    public static final Options DEFAULT = new Options(1, true);

    /** Checks the number of threads. */
    public Options {
      if (threads < 1) {
        throw new IllegalArgumentException(threads + " threads");
      }
    }

    /** The same with another number of threads. */
    public Options withThreads(int number) {
      return new Options(number, delegate);
    }

    /** The same without XNNPACK. */
    public Options withoutDelegate() {
      return new Options(threads, false);
    }
  }

  private static final String DAMAGED = "it is damaged, of another format or of a newer version";

  // What must be freed, the last first: the interpreter reads the model's memory to its end.
  private final Deque<Pointer> owned = new ArrayDeque<>();
  private final Interpreter interpreter;
  private final Port input;
  private final List<Port> outputs;
  private final int planSize;
  private final List<String> signatures;
  private boolean closed;

  private TfLiteEngine(String source, byte[] bytes, Options options, boolean trusted) {
    try {
      interpreter = build(source, bytes, options, trusted);
      planSize = Math.toIntExact(interpreter.execution_plan().limit());
      long inputs = interpreter.inputs().limit();
      if (inputs != 1) {
        throw invalid(source, "it has " + inputs + " inputs", "give a model with 1");
      }
      input = Port.of(source, interpreter.input_tensor(0));
      outputs = new ArrayList<>();
      for (int i = 0; i < interpreter.outputs().limit(); i++) {
        outputs.add(Port.of(source, interpreter.output_tensor(i)));
      }
      signatures = new ArrayList<>();
      try (StringVector keys = interpreter.signature_keys()) {
        for (long i = 0; i < keys.size(); i++) {
          BytePointer key = keys.get(i);
          // JavaCPP gives null for an empty text.
          signatures.add(key == null ? "" : key.getString());
        }
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    } catch (OutOfMemoryError e) {
      close();
      // JavaCPP's own limit; the JVM's heap is not in danger.
      throw new DeepXrayException(
          source
              + " cannot be run: it needs more memory than allowed ("
              + e.getMessage()
              + "); raise -Xmx or -Dorg.bytedeco.javacpp.maxPhysicalBytes.",
          e);
    }
  }

  /**
   * Loads a file.
   *
   * @throws DeepXrayException if it is not a valid TFLite model or one that this engine cannot run:
   *     with several inputs, a batch other than 1, or inputs and outputs of other types than 32-bit
   *     floats and integers of 8 or 16 bits
   * @throws IOException if it cannot be read
   */
  public static TfLiteEngine load(Path file, Options options) throws IOException {
    return new TfLiteEngine(file.toString(), Files.readAllBytes(file), options, false);
  }

  /**
   * Loads a file's content.
   *
   * @throws DeepXrayException as for {@link #load(Path, Options)}
   */
  public static TfLiteEngine load(byte[] bytes, Options options) {
    return new TfLiteEngine("The TFLite model in memory", bytes, options, false);
  }

  /** Loads what {@link TfLiteWriter} wrote, without the checks that files from elsewhere need. */
  static TfLiteEngine loadTrusted(byte[] bytes, Options options) {
    return new TfLiteEngine("The TFLite model in memory", bytes, options, true);
  }

  private Interpreter build(String source, byte[] bytes, Options options, boolean trusted) {
    BytePointer memory = own(new BytePointer(Math.max(1, bytes.length)));
    memory.put(bytes);
    FlatBufferModel model = FlatBufferModel.VerifyAndBuildFromBuffer(memory, bytes.length);
    if (model == null || model.isNull()) {
      throw invalid(source, "it is not a TFLite model", DAMAGED);
    }
    own(model);
    if (!trusted) {
      FileCheck check = new FileCheck(source, bytes);
      check.wiring();
      if (options.delegate()) {
        check.delegable();
        // TensorFlow Lite's own kernels check shapes and types; XNNPACK trusts them.
        try (Interpreter kernels = prepare(source, model, options.withoutDelegate())) {
          check.shapes(kernels);
        }
      }
    }
    return own(prepare(source, model, options));
  }

  private static Interpreter prepare(String source, FlatBufferModel model, Options options) {
    Interpreter interpreter = new Interpreter((Pointer) null);
    boolean ready = false;
    try (BuiltinOpResolver resolver =
            options.delegate()
                ? new BuiltinOpResolver()
                : new BuiltinOpResolverWithoutDefaultDelegates();
        InterpreterBuilder builder = new InterpreterBuilder(model, resolver)) {
      builder.SetNumThreads(options.threads());
      if (builder.apply(interpreter) != tensorflowlite.kTfLiteOk
          || interpreter.isNull()
          || interpreter.AllocateTensors() != tensorflowlite.kTfLiteOk) {
        throw invalid(source, "TensorFlow Lite refuses it", DAMAGED);
      }
      ready = true;
      return interpreter;
    } finally {
      if (!ready) {
        interpreter.close();
      }
    }
  }

  private <P extends Pointer> P own(P pointer) {
    owned.push(pointer);
    return pointer;
  }

  private static DeepXrayException invalid(String source, String what, String remedy) {
    return new DeepXrayException(source + " cannot be run: " + what + "; " + remedy + ".");
  }

  /** The version of the native library, such as {@code 2.20.0}. */
  public static String version() {
    return tensorflowlite.TfLiteVersion().getString();
  }

  @Override
  public List<Integer> inputShape() {
    return input.shape;
  }

  @Override
  public List<List<Integer>> outputShapes() {
    return outputs.stream().map(port -> port.shape).toList();
  }

  /** The name of the input tensor. */
  public String inputName() {
    return input.name;
  }

  /** The name of each output tensor. */
  public List<String> outputNames() {
    return outputs.stream().map(port -> port.name).toList();
  }

  /** The keys of the signatures, such as {@code serving_default}. */
  public List<String> signatureKeys() {
    return List.copyOf(signatures);
  }

  /** How many steps a call takes: operators, where one a delegate took over counts as one. */
  public int planSize() {
    return planSize;
  }

  /** Whether XNNPACK runs the whole model as one step. */
  public boolean delegatedWhole() {
    return planSize == 1;
  }

  @Override
  public int preferredBatch() {
    return 1;
  }

  @Override
  public float[][] run(float[] examples, int count) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    if (count < 1 || examples.length != (long) count * input.size) {
      throw new IllegalArgumentException(
          examples.length + " values are not " + count + " examples of " + input.shape);
    }
    float[][] results = new float[outputs.size()][];
    for (int o = 0; o < results.length; o++) {
      results[o] = new float[Math.multiplyExact(count, outputs.get(o).size)];
    }
    for (int n = 0; n < count; n++) {
      input.write(interpreter.input_tensor(0), examples, n);
      if (interpreter.Invoke() != tensorflowlite.kTfLiteOk) {
        throw new DeepXrayException(
            "TensorFlow Lite failed to run the model; see its message above.");
      }
      for (int o = 0; o < results.length; o++) {
        outputs.get(o).read(interpreter.output_tensor(o), results[o], n);
      }
    }
    return results;
  }

  @Override
  public void close() {
    closed = true;
    while (!owned.isEmpty()) {
      owned.pop().close();
    }
  }
}
