package io.github.deepxray.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.classify.PredictionMonitor.Observed;
import io.github.deepxray.classify.PredictionMonitor.Quantity;
import io.github.deepxray.classify.PredictionMonitor.Reference;
import io.github.deepxray.classify.ValidationDistribution.Scores;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.ReferenceBins;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictionMonitorTest {
  private static final List<String> LABELS = List.of("NORMAL", "PNEUMONIA");
  private static final ReferenceBins HALF = new ReferenceBins(List.of(0.5), List.of(50, 50));
  private static final ReferenceBins GREY = new ReferenceBins(List.of(100.0), List.of(30, 70));
  private static final Reference REFERENCE =
      new Reference(80, Map.of(Quantity.PROBABILITY, HALF, Quantity.BRIGHTNESS, GREY));

  @TempDir Path folder;

  private static Prediction prediction(double probability) {
    return new Prediction(
        probability >= 0.5 ? "PNEUMONIA" : "NORMAL",
        probability,
        OptionalDouble.of(0.5),
        List.of(1 - probability, probability));
  }

  private static void observe(PredictionMonitor monitor, double probability, double brightness) {
    monitor.observe(prediction(probability), Map.of(Quantity.BRIGHTNESS, brightness));
  }

  private static Observed observed(PredictionMonitor monitor, Quantity quantity) {
    return monitor.summary().quantities().stream()
        .filter(observed -> observed.quantity() == quantity)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void countsUnfamiliarImages() {
    PredictionMonitor monitor =
        PredictionMonitor.ofLast(
            2, LABELS, new Reference(80, Map.of(), OptionalDouble.of(0.015625)));
    observe(monitor, 0.25, 100);
    assertThat(monitor.summary().guard()).isEmpty();
    for (double score : new double[] {0.25, 0.75, 1, 0.5}) {
      Prediction plain = prediction(0.75);
      monitor.observe(
          new Prediction(
              plain.label(),
              plain.probability(),
              plain.threshold(),
              plain.probabilities(),
              Optional.of(new Unfamiliarity(score, 0.5))),
          Map.of());
    }
    assertThat(monitor.summary().guard())
        .hasValue(new PredictionMonitor.Guarded(2, OptionalDouble.of(0.015625)));
  }

  @Test
  void countsMeansAndDifferencesAreThoseOfTheImages() {
    PredictionMonitor monitor = PredictionMonitor.ofAll(LABELS, REFERENCE);
    assertThat(observed(monitor, Quantity.PROBABILITY).drift()).isEmpty();
    assertThat(observed(monitor, Quantity.PROBABILITY).mean()).isNaN();
    observe(monitor, 0.25, 90);
    observe(monitor, 0.75, 130);
    observe(monitor, 1.0, 110);
    monitor.observe(prediction(0.5), Map.of(Quantity.BRIGHTNESS, Double.NaN));
    assertThat(monitor.summary().labels()).isEqualTo(Map.of("NORMAL", 1L, "PNEUMONIA", 3L));
    assertThat(monitor.summary().labels().keySet()).containsExactlyElementsOf(LABELS);
    assertThat(monitor.summary().images()).isEqualTo(4);
    Observed probability = observed(monitor, Quantity.PROBABILITY);
    assertThat(probability.mean()).isEqualTo(0.625);
    // A value at the limit 0.5 is in the bin below.
    assertThat(probability.drift()).contains(HALF.stabilityIndex(80, 2, 2));
    Observed brightness = observed(monitor, Quantity.BRIGHTNESS);
    assertThat(brightness.compared()).isEqualTo(3);
    assertThat(brightness.mean()).isCloseTo(110, within(1e-12));
    assertThat(brightness.drift()).contains(GREY.stabilityIndex(80, 1, 2));
    assertThat(observed(monitor, Quantity.DECISION).drift()).isEmpty();
    assertThat(observed(monitor, Quantity.HEIGHT).compared()).isZero();
  }

  @Test
  void aWindowForgetsTheOldest() {
    PredictionMonitor monitor = PredictionMonitor.ofLast(3, LABELS, REFERENCE);
    for (double probability : new double[] {0.1, 0.2, 0.3, 0.6, 0.7}) {
      observe(monitor, probability, 50);
    }
    Observed probability = observed(monitor, Quantity.PROBABILITY);
    assertThat(probability.compared()).isEqualTo(3);
    assertThat(probability.drift()).contains(HALF.stabilityIndex(80, 1, 2));
    assertThat(probability.mean()).isCloseTo(0.38, within(1e-12));
    assertThat(monitor.summary().labels()).isEqualTo(Map.of("NORMAL", 3L, "PNEUMONIA", 2L));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PredictionMonitor.ofLast(0, LABELS, REFERENCE));
  }

  @Test
  void manyThreadsLoseNoImage() throws Exception {
    PredictionMonitor monitor = PredictionMonitor.ofLast(500, LABELS, REFERENCE);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<?>> running = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      running.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 5000; i++) {
                  observe(monitor, i % 4 == 0 ? 0.75 : 0.25, 64);
                  if (i % 100 == 0) {
                    monitor.summary();
                  }
                }
              }));
    }
    for (Future<?> thread : running) {
      thread.get();
    }
    threads.shutdown();
    assertThat(monitor.summary().labels())
        .isEqualTo(Map.of("NORMAL", 30_000L, "PNEUMONIA", 10_000L));
    // All terms are exact in floating point.
    assertThat(observed(monitor, Quantity.PROBABILITY).mean()).isEqualTo(0.375);
    assertThat(observed(monitor, Quantity.BRIGHTNESS).mean()).isEqualTo(64);
    assertThat(observed(monitor, Quantity.BRIGHTNESS).drift())
        .contains(GREY.stabilityIndex(80, 500, 0));
  }

  private Bundle bundle(int patients) throws IOException {
    Json.write(
        folder.resolve(ValidationDistribution.FILE),
        new ValidationDistribution(
            ValidationDistribution.FORMAT,
            80,
            GREY,
            GREY,
            GREY,
            GREY,
            List.of(
                new Scores("dynamic", HALF, HALF),
                new Scores("float32", HALF, HALF, OptionalDouble.of(0.0625)))));
    Path file = folder.resolve(ValidationDistribution.FILE);
    Files.writeString(
        file, Files.readString(file).replace("\"patients\" : 80", "\"patients\" : " + patients));
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
    return new Bundle(folder);
  }

  @Test
  void theReferenceIsThatOfTheFormAndThePrevalence() throws IOException {
    Bundle bundle = bundle(80);
    Reference reference =
        ValidationDistribution.reference(bundle, Artifact.FLOAT32, LogitMap.IDENTITY);
    assertThat(reference.patients()).isEqualTo(80);
    assertThat(reference.bins()).containsOnlyKeys(Quantity.values());
    assertThat(reference.bins()).containsEntry(Quantity.PROBABILITY, HALF);
    assertThat(reference.unfamiliar()).hasValue(0.0625);
    assertThat(reference.without(Quantity.DECISION).unfamiliar()).hasValue(0.0625);
    assertThat(
            ValidationDistribution.reference(bundle, Artifact.DYNAMIC, LogitMap.IDENTITY)
                .unfamiliar())
        .isEmpty();
    assertThat(Files.readString(folder.resolve(ValidationDistribution.FILE)))
        .containsOnlyOnce("\"unfamiliar\" : 0.0625");
    assertThat(reference.without(Quantity.DECISION).bins()).doesNotContainKey(Quantity.DECISION);
    // Odds of 1 become odds of 1/3.
    assertThat(
            ValidationDistribution.reference(
                    bundle, Artifact.FLOAT32, LogitMap.ofPrevalence(0.75, 0.5))
                .bins()
                .get(Quantity.PROBABILITY)
                .edges())
        .satisfiesExactly(edge -> assertThat(edge).isCloseTo(0.25, within(1e-12)));
    assertThat(ValidationDistribution.reference(bundle, Artifact.INT8, LogitMap.IDENTITY).bins())
        .containsOnlyKeys(Quantity.BRIGHTNESS, Quantity.CONTRAST, Quantity.HEIGHT, Quantity.WIDTH);
  }

  @Test
  void aBundleOfAnEarlierBuildHasNoReferenceAndADamagedOneIsRefused() throws IOException {
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), "");
    Bundle earlier = new Bundle(folder);
    assertThat(ValidationDistribution.reference(earlier, Artifact.FLOAT32, LogitMap.IDENTITY))
        .isEqualTo(Reference.NONE);
    Bundle wrong = bundle(0);
    assertThatThrownBy(
            () -> ValidationDistribution.reference(wrong, Artifact.FLOAT32, LogitMap.IDENTITY))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(ValidationDistribution.FILE, "0 patients", "export again");
    Files.writeString(folder.resolve(ValidationDistribution.FILE), "{}");
    assertThatThrownBy(
            () -> ValidationDistribution.reference(wrong, Artifact.FLOAT32, LogitMap.IDENTITY))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(ValidationDistribution.FILE + " has changed");
  }
}
