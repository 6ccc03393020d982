package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.CloseGuard;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.engine.NativeLibrary;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.tensorflowlite.Interpreter;
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
  @RecordBuilder
  public record Options(int threads, boolean delegate) implements TfLiteEngineOptionsBuilder.With {
    /** One thread, with XNNPACK: the choice for several engines side by side. */
    public static final Options DEFAULT = new Options(1, true);

    /** Checks the number of threads. */
    public Options {
      if (threads < 1) {
        throw new IllegalArgumentException(threads + " threads");
      }
    }

    /** The same without XNNPACK. */
    public Options withoutDelegate() {
      return withDelegate(false);
    }
  }

  private static final NativeLibrary LIBRARY =
      new NativeLibrary(
          "TensorFlow Lite", () -> Loader.load(tensorflowlite.class), Loader::getCacheDir);

  private static final String IN_MEMORY = "The TFLite model in memory";

  private final CloseGuard guard = new CloseGuard("the engine");
  private final ModelFile file;
  private final Options options;
  private final Interpreter interpreter;
  private final Port input;
  private final List<Port> outputs = new ArrayList<>();
  private final int planSize;
  private final List<String> signatures;

  /** Takes a hold of the file over, which ends with the engine or if there comes to be none. */
  private TfLiteEngine(ModelFile file, Options options) {
    this.file = file;
    this.options = options;
    Interpreter built = null;
    try {
      built = file.interpreter(options);
      interpreter = built;
      planSize = Math.toIntExact(interpreter.execution_plan().limit());
      long inputs = interpreter.inputs().limit();
      if (inputs != 1) {
        throw ModelFile.invalid(
            file.source(), "it has " + inputs + " inputs", "give a model with 1");
      }
      input = Port.of(file.source(), interpreter.input_tensor(0));
      for (int i = 0; i < interpreter.outputs().limit(); i++) {
        outputs.add(Port.of(file.source(), interpreter.output_tensor(i)));
      }
      signatures = signatures(interpreter);
    } catch (RuntimeException | Error e) {
      if (built != null) {
        built.close();
      }
      file.holders.release();
      throw e;
    }
  }

  private static List<String> signatures(Interpreter interpreter) {
    List<String> signatures = new ArrayList<>();
    try (StringVector keys = interpreter.signature_keys()) {
      for (long i = 0; i < keys.size(); i++) {
        BytePointer key = keys.get(i);
        // JavaCPP gives null for an empty text.
        signatures.add(key == null ? "" : key.getString());
      }
    }
    return List.copyOf(signatures);
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
    return load(file.toString(), Files.readAllBytes(file), options);
  }

  /**
   * Loads a file's content.
   *
   * @throws DeepXrayException as for {@link #load(Path, Options)}
   */
  public static TfLiteEngine load(byte[] bytes, Options options) {
    return load(IN_MEMORY, bytes, options);
  }

  private static TfLiteEngine load(String source, byte[] bytes, Options options) {
    return LIBRARY.call(
        source, () -> new TfLiteEngine(ModelFile.checked(source, bytes, options), options));
  }

  /** Loads what {@link TfLiteWriter} wrote, without the checks that files from elsewhere need. */
  static TfLiteEngine loadTrusted(byte[] bytes, Options options) {
    return LIBRARY.call(
        IN_MEMORY, () -> new TfLiteEngine(ModelFile.trusted(IN_MEMORY, bytes), options));
  }

  /**
   * The version of the native library, such as {@code 2.20.0}.
   *
   * @throws DeepXrayException if it cannot be loaded
   */
  public static String version() {
    LIBRARY.require();
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
    return signatures;
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

  /** An interpreter with two threads runs slower than two interpreters with one each. */
  @Override
  public int parallelEngines(int cores) {
    return Math.max(1, cores / options.threads());
  }

  @Override
  public Optional<InferenceEngine> another() {
    return guard.use(
        () -> {
          // It is open, so it holds the file itself.
          file.holders.hold();
          return Optional.of(LIBRARY.call(file.source(), () -> new TfLiteEngine(file, options)));
        });
  }

  @Override
  public float[][] run(float[] examples, int count) {
    return guard.alone(() -> runAlone(examples, count));
  }

  private float[][] runAlone(float[] examples, int count) {
    if (count < 1 || examples.length != (long) count * input.size) {
      throw new IllegalArgumentException(
          examples.length + " values are not " + count + " examples of " + input.shape);
    }
    float[][] results = new float[outputs.size()][];
    for (int o = 0; o < results.length; o++) {
      results[o] = new float[Math.multiplyExact(count, outputs.get(o).size)];
    }
    for (int n = 0; n < count; n++) {
      WorkInterruptedException.check();
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
    guard.close(
        () -> {
          interpreter.close();
          file.holders.release();
        });
  }
}
