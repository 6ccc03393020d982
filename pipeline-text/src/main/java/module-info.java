/** YAML and CSV with limits. */
@SuppressWarnings("module")
// Open: Jackson reads and writes records by reflection.
open module io.github.deepxray.text {
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.csv;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires com.fasterxml.jackson.datatype.jdk8;
  requires org.yaml.snakeyaml;
  requires transitive io.github.deepxray.core;

  exports io.github.deepxray.text.internal to
      io.github.deepxray.cli,
      io.github.deepxray.datasets,
      io.github.deepxray.optimize,
      io.github.deepxray.pipeline,
      io.github.deepxray.track,
      io.github.deepxray.train;
}
