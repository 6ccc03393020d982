package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.network.Model;

/** Creates {@link TfLiteEngine}s by writing a model in memory and loading it. */
public final class TfLiteEngineFactory implements EngineFactory {
  private final boolean delegate;

  /** Creates engines with XNNPACK. */
  public TfLiteEngineFactory() {
    this(true);
  }

  private TfLiteEngineFactory(boolean delegate) {
    this.delegate = delegate;
  }

  /** Creates engines with TFLite's own kernels: slow, an independent check of XNNPACK's results. */
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
    // An interpreter with two threads is slower than two interpreters with one each.
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
