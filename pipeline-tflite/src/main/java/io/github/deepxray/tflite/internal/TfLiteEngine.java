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
 * Engine that runs a {@code .tflite} file with TensorFlow Lite's interpreter, one example at a
 * time.
 *
 * <p>Inputs and outputs may be 32-bit floats or quantized to 8 or 16 bits; the engine quantizes and
 * dequantizes them with the tensor's scale and zero point, so that callers always use floats.
 */
public final class TfLiteEngine implements InferenceEngine {
  /**
   * Options of the engine.
   *
   * @param threads number of threads of one call, at least 1
   * @param delegate whether to use XNNPACK where it supports an operator; without it, TFLite's own
   *     kernels run everything, several times slower
   */
  @RecordBuilder
  public record Options(int threads, boolean delegate) implements TfLiteEngineOptionsBuilder.With {
    /** One thread, with XNNPACK: best for several parallel engines. */
    public static final Options DEFAULT = new Options(1, true);

    /** Checks the number of threads. */
    public Options {
      if (threads < 1) {
        throw new IllegalArgumentException(threads + " threads");
      }
    }

    /** Returns a copy without XNNPACK. */
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
  private final TensorBinding input;
  private final List<TensorBinding> outputs = new ArrayList<>();
  private final int planSize;
  private final List<String> signatures;

  /**
   * Creates an engine that takes over a hold of the file, and releases it when closed or on
   * failure.
   */
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
      input = TensorBinding.of(file.source(), interpreter.input_tensor(0));
      for (int i = 0; i < interpreter.outputs().limit(); i++) {
        outputs.add(TensorBinding.of(file.source(), interpreter.output_tensor(i)));
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
        // JavaCPP returns null for an empty text.
        signatures.add(key == null ? "" : key.getString());
      }
    }
    return List.copyOf(signatures);
  }

  /**
   * Loads a file.
   *
   * @throws DeepXrayException if the file is not a valid TFLite model, or this engine cannot run
   *     it: with several inputs, a batch other than 1, or inputs and outputs of other types than
   *     32-bit floats and integers of 8 or 16 bits
   * @throws IOException if the file cannot be read
   */
  public static TfLiteEngine load(Path file, Options options) throws IOException {
    return load(file.toString(), Files.readAllBytes(file), options);
  }

  /**
   * Loads the content of a file.
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

  /** Loads the output of {@link TfLiteWriter}, without the checks of untrusted files. */
  static TfLiteEngine loadTrusted(byte[] bytes, Options options) {
    return LIBRARY.call(
        IN_MEMORY, () -> new TfLiteEngine(ModelFile.trusted(IN_MEMORY, bytes), options));
  }

  /**
   * Version of the native library, such as {@code 2.20.0}.
   *
   * @throws DeepXrayException if the library cannot be loaded
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

  /** Name of the input tensor. */
  public String inputName() {
    return input.name;
  }

  /** Name of each output tensor. */
  public List<String> outputNames() {
    return outputs.stream().map(port -> port.name).toList();
  }

  /** Keys of the signatures, such as {@code serving_default}. */
  public List<String> signatureKeys() {
    return signatures;
  }

  /** Number of steps of a call: operators, or a delegated part as one step. */
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

  /**
   * One engine per core: an interpreter with two threads is slower than two interpreters with one
   * each.
   */
  @Override
  public int parallelEngines(int cores) {
    return Math.max(1, cores / options.threads());
  }

  @Override
  public Optional<InferenceEngine> another() {
    return guard.use(
        () -> {
          // The open engine itself holds the file.
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
