/** Sources of images and prepared data sets. */
@SuppressWarnings({"module", "requires-automatic"})
// Open: Jackson reads and writes records by reflection.
open module io.github.deepxray.datasets {
  requires java.net.http;
  requires com.fasterxml.jackson.annotation;
  requires com.fasterxml.jackson.databind;
  requires com.google.protobuf;
  requires org.apache.commons.compress;
  requires tensorflow.nativelib;
  requires static io.soabase.recordbuilder.core;
  requires static java.compiler;
  requires transitive io.github.deepxray.core;
  requires io.github.deepxray.text;

  exports io.github.deepxray.datasets;
  exports io.github.deepxray.datasets.internal.kaggle to
      io.github.deepxray.cli,
      io.github.deepxray.pipeline;
  exports io.github.deepxray.datasets.internal.shortcuts to
      io.github.deepxray.train;
  exports io.github.deepxray.datasets.phantom;
  exports io.github.deepxray.datasets.source;
}
