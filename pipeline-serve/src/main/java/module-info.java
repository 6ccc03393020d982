/** Embeddable HTTP server of bundles. */
@SuppressWarnings("requires-automatic")
// Open: Jackson reads and writes records by reflection.
open module io.github.deepxray.serve {
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires io.prometheus.metrics.core;
  requires io.prometheus.writer.text;
  requires io.prometheus.metrics.instrumentation.jvm;
  requires io.prometheus.metrics.model;
  requires org.bytedeco.javacpp;
  requires org.eclipse.jetty.http;
  requires org.eclipse.jetty.io;
  requires org.eclipse.jetty.server;
  requires org.eclipse.jetty.util;
  requires static io.soabase.recordbuilder.core;
  requires static java.compiler;
  requires transitive io.github.deepxray.classify;
  requires transitive io.github.deepxray.core;

  exports io.github.deepxray.serve;
}
