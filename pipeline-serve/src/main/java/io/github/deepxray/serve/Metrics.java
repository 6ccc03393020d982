package io.github.deepxray.serve;

import io.github.deepxray.classify.Prediction;
import io.github.deepxray.classify.PredictionMonitor.Observed;
import io.github.deepxray.classify.PredictionMonitor.Quantity;
import io.github.deepxray.core.metrics.StabilityIndex;
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
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Pointer;

/** Metrics of the server in Prometheus' text format. */
final class Metrics {
  /** Content type of the format. */
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private static final String VERSION = "version";

  /** Number of images below which a drift is not reported. */
  private static final int ENOUGH = 100;

  private static final double[] PROBABILITIES = {.1, .2, .3, .4, .5, .6, .7, .8, .9, 1};
  private static final double[] GREYS = {10, 20, 30, 40, 50, 60, 80, 100, 120, 140, 160, 180, 200};
  private static final double[] PIXELS = {128, 256, 512, 1024, 2048, 4096, 8192};

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
  private final Counter requests;
  private final Histogram seconds;
  private final Histogram batches;
  private final Counter predictions;
  private final Counter unfamiliar;
  private final Map<Quantity, Histogram> histograms = new EnumMap<>(Quantity.class);
  private final Supplier<Collection<ModelVersion>> served;

  /** Labels of each version that has predictions. */
  private final Map<Long, List<String>> observed = new ConcurrentHashMap<>();

  /**
   * Creates the metrics.
   *
   * @param served the versions that are served; metrics of others are removed
   */
  Metrics(Supplier<Collection<ModelVersion>> served) {
    this.served = served;
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
    predictions =
        Counter.builder()
            .name("deepxray_predictions_total")
            .help("Classified images by decided class.")
            .labelNames(VERSION, "label")
            .register(registry);
    unfamiliar =
        Counter.builder()
            .name("deepxray_unfamiliar_total")
            .help("Classified images that are unlike the training images.")
            .labelNames(VERSION)
            .register(registry);
    registerQuantities();
    drift(
        "deepxray_drift_index",
        "Population stability index of the last images against the bundle's reference images.",
        StabilityIndex::value);
    drift(
        "deepxray_drift_limit",
        "Stability index that is exceeded by chance in one of 20 cases.",
        StabilityIndex::limit);
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

  private void registerQuantities() {
    histogram(
        Quantity.PROBABILITY,
        "deepxray_probability",
        "Probability of the second of two classes, or of the decided class.",
        PROBABILITIES);
    histogram(
        Quantity.BRIGHTNESS,
        "deepxray_input_brightness",
        "Mean grey value of the model's input, 0 to 255.",
        GREYS);
    histogram(
        Quantity.CONTRAST,
        "deepxray_input_contrast",
        "Standard deviation of the grey values of the model's input.",
        GREYS);
    histogram(
        Quantity.HEIGHT,
        "deepxray_input_height_pixels",
        "Height of image files before they are resized.",
        PIXELS);
    histogram(
        Quantity.WIDTH,
        "deepxray_input_width_pixels",
        "Width of image files before they are resized.",
        PIXELS);
  }

  private void histogram(Quantity quantity, String name, String help, double... bounds) {
    histograms.put(
        quantity,
        Histogram.builder()
            .name(name)
            .help(help)
            .classicOnly()
            .classicUpperBounds(bounds)
            .labelNames(VERSION)
            .register(registry));
  }

  /** Adds a gauge of each quantity of each served version, absent until it has enough images. */
  private void drift(String name, String help, ToDoubleFunction<StabilityIndex> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames(VERSION, "quantity")
        .callback(
            callback -> {
              for (ModelVersion version : served.get()) {
                for (Observed quantity : version.monitor().summary().quantities()) {
                  if (quantity.drift().isPresent() && quantity.compared() >= ENOUGH) {
                    callback.call(
                        value.applyAsDouble(quantity.drift().get()),
                        Long.toString(version.number()),
                        quantity.quantity().key());
                  }
                }
              }
            })
        .register(registry);
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

  /**
   * Counts a classified image.
   *
   * @param input what is known of the image, finite values
   */
  void prediction(ModelVersion model, Prediction prediction, Map<Quantity, Double> input) {
    String version = Long.toString(model.number());
    observed.put(model.number(), model.labels());
    predictions.labelValues(version, prediction.label()).inc();
    // Of a model with an input guard the counter starts at 0, so that its rate is known.
    prediction
        .unfamiliarity()
        .ifPresent(guard -> unfamiliar.labelValues(version).inc(guard.exceeded() ? 1 : 0));
    histograms.get(Quantity.PROBABILITY).labelValues(version).observe(prediction.probability());
    input.forEach(
        (quantity, value) -> histograms.get(quantity).labelValues(version).observe(value));
    model.monitor().observe(prediction, input);
  }

  /** Removes the metrics of versions that are no longer served. */
  private synchronized void removeOld() {
    Set<Long> now = served.get().stream().map(ModelVersion::number).collect(Collectors.toSet());
    for (long number : Set.copyOf(observed.keySet())) {
      if (!now.contains(number)) {
        String version = Long.toString(number);
        observed.remove(number).forEach(label -> predictions.remove(version, label));
        unfamiliar.remove(version);
        histograms.values().forEach(histogram -> histogram.remove(version));
      }
    }
  }

  /** Returns the page of all metrics. */
  byte[] page() {
    removeOld();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      writer.write(bytes, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    }
    return bytes.toByteArray();
  }
}
