/**
 * Networks, weights, images, metrics, and the service interfaces of backbones, engines and formats.
 */
@SuppressWarnings({"module", "requires-automatic"})
// Open: Jackson reads and writes records by reflection.
open module io.github.deepxray.core {
  requires java.desktop;
  requires java.management;
  requires com.fasterxml.jackson.annotation;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.datatype.jdk8;
  requires static com.google.errorprone.annotations;
  requires static io.soabase.recordbuilder.core;
  requires static java.compiler;

  exports io.github.deepxray.core;
  exports io.github.deepxray.core.backbone;
  exports io.github.deepxray.core.engine;
  exports io.github.deepxray.core.format;
  exports io.github.deepxray.core.image;
  exports io.github.deepxray.core.internal to
      io.github.deepxray.classify,
      io.github.deepxray.cli,
      io.github.deepxray.datasets,
      io.github.deepxray.export,
      io.github.deepxray.report,
      io.github.deepxray.server,
      io.github.deepxray.tflite,
      io.github.deepxray.track,
      io.github.deepxray.train;
  exports io.github.deepxray.core.internal.concurrent to
      io.github.deepxray.bench,
      io.github.deepxray.datasets,
      io.github.deepxray.keras,
      io.github.deepxray.optimize,
      io.github.deepxray.pipeline,
      io.github.deepxray.serve,
      io.github.deepxray.tensorflow,
      io.github.deepxray.tflite,
      io.github.deepxray.train;
  exports io.github.deepxray.core.internal.engine to
      io.github.deepxray.classify,
      io.github.deepxray.export,
      io.github.deepxray.tensorflow,
      io.github.deepxray.tflite,
      io.github.deepxray.train;
  exports io.github.deepxray.core.internal.image to
      io.github.deepxray.classify,
      io.github.deepxray.cli,
      io.github.deepxray.datasets,
      io.github.deepxray.serve;
  exports io.github.deepxray.core.internal.io to
      io.github.deepxray.bench,
      io.github.deepxray.classify,
      io.github.deepxray.cli,
      io.github.deepxray.datasets,
      io.github.deepxray.export,
      io.github.deepxray.keras,
      io.github.deepxray.optimize,
      io.github.deepxray.pipeline,
      io.github.deepxray.report,
      io.github.deepxray.serve,
      io.github.deepxray.server,
      io.github.deepxray.tensorflow,
      io.github.deepxray.text,
      io.github.deepxray.tflite,
      io.github.deepxray.track,
      io.github.deepxray.train;
  exports io.github.deepxray.core.internal.math to
      io.github.deepxray.datasets,
      io.github.deepxray.optimize,
      io.github.deepxray.train;
  exports io.github.deepxray.core.internal.network to
      io.github.deepxray.cli,
      io.github.deepxray.optimize,
      io.github.deepxray.train;
  exports io.github.deepxray.core.internal.services to
      io.github.deepxray.pipeline;
  exports io.github.deepxray.core.internal.weights to
      io.github.deepxray.train;
  exports io.github.deepxray.core.metrics;
  exports io.github.deepxray.core.network;
  exports io.github.deepxray.core.progress;
  exports io.github.deepxray.core.weights;

  uses io.github.deepxray.core.backbone.BackboneProvider;
  uses io.github.deepxray.core.engine.EngineFactory;
  uses io.github.deepxray.core.format.ModelFormat;
  uses io.github.deepxray.core.image.ImageFormat;

  provides io.github.deepxray.core.image.ImageFormat with
      io.github.deepxray.core.image.JdkImageFormat.Jpeg,
      io.github.deepxray.core.image.JdkImageFormat.Png,
      io.github.deepxray.core.image.JdkImageFormat.Bmp,
      io.github.deepxray.core.image.JdkImageFormat.Tiff;
}
