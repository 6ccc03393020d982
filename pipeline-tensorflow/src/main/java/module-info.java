/** TensorFlow engines and SavedModels. */
@SuppressWarnings({"module", "requires-automatic"})
// Open: Jackson reads and writes records by reflection.
open module io.github.deepxray.tensorflow {
  requires com.google.protobuf;
  requires org.bytedeco.javacpp;
  requires org.tensorflow.ndarray;
  requires tensorflow;
  requires tensorflow.nativelib;
  requires transitive io.github.deepxray.core;

  exports io.github.deepxray.tensorflow.internal to
      io.github.deepxray.export,
      io.github.deepxray.train;

  provides io.github.deepxray.core.engine.EngineFactory with
      io.github.deepxray.tensorflow.internal.TensorFlowEngineFactory;
  provides io.github.deepxray.core.format.ModelFormat with
      io.github.deepxray.tensorflow.internal.SavedModelFormat;
}
