/** Pruning and quantization of networks. */
@SuppressWarnings({"module", "requires-automatic"})
// Open: Jackson reads and writes records by reflection.
open module io.github.deepxray.optimize {
  requires com.fasterxml.jackson.annotation;
  requires static io.soabase.recordbuilder.core;
  requires static java.compiler;
  requires transitive io.github.deepxray.core;
  requires io.github.deepxray.text;

  exports io.github.deepxray.optimize.internal to
      io.github.deepxray.bench,
      io.github.deepxray.export,
      io.github.deepxray.pipeline,
      io.github.deepxray.report,
      io.github.deepxray.train;
  exports io.github.deepxray.optimize.internal.prune to
      io.github.deepxray.pipeline,
      io.github.deepxray.train;
  exports io.github.deepxray.optimize.internal.quantize to
      io.github.deepxray.report,
      io.github.deepxray.train;
  exports io.github.deepxray.optimize.prune;
  exports io.github.deepxray.optimize.quantize;
}
