package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.ReferenceCount;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorflowlite.BuiltinOpResolver;
import org.bytedeco.tensorflowlite.BuiltinOpResolverWithoutDefaultDelegates;
import org.bytedeco.tensorflowlite.FlatBufferModel;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.InterpreterBuilder;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/**
 * Content of a {@code .tflite} file in native memory, checked once and shared by interpreters until
 * the last is closed.
 */
final class ModelFile {
  private static final String DAMAGED = "it is damaged, of another format or of a newer version";

  private final String source;
  private final BytePointer memory;
  private final FlatBufferModel model;

  /** Each interpreter's engine is a holder. */
  final ReferenceCount holders = new ReferenceCount(this::free);

  private ModelFile(String source, byte[] bytes) {
    this.source = source;
    memory = new BytePointer(Math.max(1, bytes.length));
    memory.put(bytes);
    model = FlatBufferModel.VerifyAndBuildFromBuffer(memory, bytes.length);
    if (model == null || model.isNull()) {
      memory.close();
      throw invalid(source, "it is not a TFLite model", DAMAGED);
    }
  }

  /**
   * Reads and checks an untrusted file, with the caller as the first holder.
   *
   * @param source the name of the file in messages
   * @param options the options of the engine
   * @throws DeepXrayException if the file cannot be run
   */
  static ModelFile checked(String source, byte[] bytes, TfLiteEngine.Options options) {
    ModelFile file = new ModelFile(source, bytes);
    try {
      FileCheck check = new FileCheck(source, bytes);
      check.check();
      if (options.delegate()) {
        check.delegable();
      }
      return file;
    } catch (RuntimeException | Error e) {
      file.holders.release();
      throw e;
    }
  }

  /**
   * Reads the output of {@link TfLiteWriter} without checks, with the caller as the first holder.
   */
  static ModelFile trusted(String source, byte[] bytes) {
    return new ModelFile(source, bytes);
  }

  /** Name of the file in messages. */
  String source() {
    return source;
  }

  /**
   * Creates an interpreter, which the caller closes before releasing the file.
   *
   * @throws DeepXrayException if TensorFlow Lite rejects the file
   */
  Interpreter interpreter(TfLiteEngine.Options options) {
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
        throw invalid(source, "TensorFlow Lite rejects it", DAMAGED);
      }
      ready = true;
      return interpreter;
    } finally {
      if (!ready) {
        interpreter.close();
      }
    }
  }

  private void free() {
    model.close();
    memory.close();
  }

  /** Creates an exception about a file that cannot be run, with advice. */
  static DeepXrayException invalid(String source, String what, String remedy) {
    return new DeepXrayException(source + " cannot be run: " + what + "; " + remedy + ".");
  }
}
