package io.github.deepxray.serve;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmBufferPoolMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmClassLoadingMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmCompilationMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmNativeMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmRuntimeInfoMetric;
import io.prometheus.metrics.instrumentation.jvm.JvmThreadsMetrics;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.DoubleSupplier;
import org.bytedeco.javacpp.Pointer;

/** Metrics of the server in Prometheus' text format. */
final class Metrics {
  /** Content type of the format. */
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
  private final Counter requests;
  private final Histogram seconds;
  private final Histogram batches;

  Metrics() {
    requests =
        Counter.builder()
            .name("deepxray_requests_total")
            .help("Requests by route and HTTP status.")
            .labelNames("route", "code")
            .register(registry);
    seconds =
        Histogram.builder()
            .name("deepxray_request_duration_seconds")
            .help("Time from a request's first byte to the end of its answer.")
            .classicOnly()
            .classicUpperBounds(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)
            .labelNames("route")
            .register(registry);
    batches =
        Histogram.builder()
            .name("deepxray_batch_size")
            .help("Images that a model ran on together.")
            .classicOnly()
            .classicUpperBounds(1, 2, 4, 8, 16, 32)
            .register(registry);
    gauge(
        "deepxray_native_memory_bytes",
        "Native memory that models hold through JavaCPP.",
        Pointer::totalBytes);
    registerJvm();
  }

  /**
   * Registers the JVM metrics except memory pool allocation, which registers a garbage-collection
   * listener that is never removed and leaks an undeployed program.
   */
  private void registerJvm() {
    JvmThreadsMetrics.builder().register(registry);
    JvmBufferPoolMetrics.builder().register(registry);
    JvmClassLoadingMetrics.builder().register(registry);
    JvmCompilationMetrics.builder().register(registry);
    JvmGarbageCollectorMetrics.builder().register(registry);
    JvmMemoryMetrics.builder().register(registry);
    JvmNativeMemoryMetrics.builder().register(registry);
    JvmRuntimeInfoMetric.builder().register(registry);
    ProcessMetrics.builder().register(registry);
  }

  /** Adds a gauge whose value is read with the metrics. */
  void gauge(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.getAsDouble()))
        .register(registry);
  }

  /** Counts an answered request. */
  void request(String route, int code, long nanos) {
    requests.labelValues(route, Integer.toString(code)).inc();
    seconds.labelValues(route).observe(nanos / 1e9);
  }

  /** Counts a batch of a model. */
  void batch(int images) {
    batches.observe(images);
  }

  /** Returns the page of all metrics. */
  byte[] page() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      writer.write(bytes, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    }
    return bytes.toByteArray();
  }
}
