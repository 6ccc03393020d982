package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.network.Model;

/** Makes {@link TfLiteEngine}s of models by writing them in memory and loading what was written. */
public final class TfLiteEngineFactory implements EngineFactory {
  private final boolean delegate;

  /** Engines that run with XNNPACK. */
  public TfLiteEngineFactory() {
    this(true);
  }

  private TfLiteEngineFactory(boolean delegate) {
    this.delegate = delegate;
  }

  /**
   * Engines that run with TFLite's own kernels: slow, an independent check of XNNPACK's results.
   */
  public static TfLiteEngineFactory withoutDelegate() {
    return new TfLiteEngineFactory(false);
  }

  @Override
  public String name() {
    return "tflite";
  }

  @Override
  public String version() {
    return TfLiteEngine.version();
  }

  @Override
  public int parallelEngines(int cores) {
    // An interpreter with two threads runs slower than two interpreters with one each.
    return cores;
  }

  @Override
  public boolean computesInIntegers() {
    return true;
  }

  @Override
  public TfLiteEngine create(Model model, int threads) {
    return TfLiteEngine.loadTrusted(
        TfLiteWriter.toBytes(model), new TfLiteEngine.Options(threads, delegate));
  }
}
