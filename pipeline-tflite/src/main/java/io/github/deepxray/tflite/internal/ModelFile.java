package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.Holders;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorflowlite.BuiltinOpResolver;
import org.bytedeco.tensorflowlite.BuiltinOpResolverWithoutDefaultDelegates;
import org.bytedeco.tensorflowlite.FlatBufferModel;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.InterpreterBuilder;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/**
 * The content of a {@code .tflite} file in native memory, checked once; interpreters, which read it
 * to their end, share it.
 */
final class ModelFile {
  private static final String DAMAGED = "it is damaged, of another format or of a newer version";

  private final String source;
  private final BytePointer memory;
  private final FlatBufferModel model;

  /** Each interpreter's engine is one. */
  final Holders holders = new Holders(this::free);

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
   * Reads and checks a file from elsewhere. The caller holds it.
   *
   * @param source how messages name it
   * @param options how it is to be run
   * @throws DeepXrayException if it cannot be run
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

  /** Reads what {@link TfLiteWriter} wrote. The caller holds it. */
  static ModelFile trusted(String source, byte[] bytes) {
    return new ModelFile(source, bytes);
  }

  /** How messages name it. */
  String source() {
    return source;
  }

  /**
   * An interpreter that is ready to run, which the caller closes before it lets go of the file.
   *
   * @throws DeepXrayException if TensorFlow Lite refuses the file
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

  private void free() {
    model.close();
    memory.close();
  }

  /** Says that a file cannot be run, and what to do about it. */
  static DeepXrayException invalid(String source, String what, String remedy) {
    return new DeepXrayException(source + " cannot be run: " + what + "; " + remedy + ".");
  }
}
