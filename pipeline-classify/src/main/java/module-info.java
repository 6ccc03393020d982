/** Bundles and the classifier. */
@SuppressWarnings({"module", "requires-automatic"})
// Open: Jackson reads and writes records by reflection.
open module io.github.deepxray.classify {
  requires com.fasterxml.jackson.annotation;
  requires com.fasterxml.jackson.databind;
  requires static io.soabase.recordbuilder.core;
  requires static java.compiler;
  requires transitive io.github.deepxray.core;

  exports io.github.deepxray.classify;
  exports io.github.deepxray.classify.internal to
      io.github.deepxray.export,
      io.github.deepxray.train;
}
