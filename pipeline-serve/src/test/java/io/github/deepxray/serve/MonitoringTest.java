package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.ValidationDistribution;
import io.github.deepxray.classify.ValidationDistribution.Scores;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.ReferenceBins;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metrics of predictions, compared with what was sent and answered. */
class MonitoringTest {
  private static final String MODEL = "/v1/models/deepxray";
  private static final ReferenceBins PROBABILITY =
      new ReferenceBins(List.of(0.25, 0.5), List.of(40, 40, 20));
  private static final ReferenceBins BRIGHTNESS =
      new ReferenceBins(List.of(20.0, 200.0), List.of(10, 80, 10));
  private static final ReferenceBins SIZE = ReferenceBins.of(List.of(50.0, 50.0, 50.0));

  @TempDir Path folder;

  /** Writes a version that has a reference of 100 patients. */
  private Path write(long number) throws IOException {
    Path made = TinyBundle.write(folder.resolve("made").resolve("b" + number), number);
    Json.write(
        made.resolve(ValidationDistribution.FILE),
        new ValidationDistribution(
            ValidationDistribution.FORMAT,
            100,
            BRIGHTNESS,
            BRIGHTNESS,
            SIZE,
            SIZE,
            List.of(
                new Scores(
                    "float32", PROBABILITY, new ReferenceBins(List.of(0.0), List.of(50, 50))))));
    AtomicFiles.write(made.resolve(Bundle.CHECKSUMS), Bundle.checksums(made));
    Files.createDirectories(folder.resolve("versions"));
    return Files.move(made, folder.resolve("versions").resolve(Long.toString(number)));
  }

  /** The metrics of predictions by their names with labels. */
  private static Map<String, Double> metrics(Http http) throws Exception {
    Map<String, Double> values = new TreeMap<>();
    http.get("/monitoring/prometheus/metrics")
        .body()
        .lines()
        .filter(line -> line.matches("deepxray_(predictions|probability|input|drift).*"))
        .forEach(
            line -> {
              int space = line.lastIndexOf(' ');
              values.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
            });
    return values;
  }

  private static String float32(float[] image) {
    return "{\"instances\": [" + Http.nested(image, TinyBundle.SIZE) + "]}";
  }

  private static String example(byte[] file) {
    return "{\"examples\": [{\"image_bytes\": " + Http.b64(file) + "}]}";
  }

  private static String example(float[] image) {
    StringBuilder text = new StringBuilder("{\"examples\": [{\"images\": [");
    for (int i = 0; i < image.length; i++) {
      text.append(i == 0 ? "" : ", ").append(image[i]);
    }
    return text.append("]}]}").toString();
  }

  private static double greyMean(float[] image) {
    return IntStream.range(0, image.length).mapToDouble(i -> image[i]).average().orElseThrow();
  }

  @Test
  void everyWayToClassifyCountsOnce() throws Exception {
    Path bundle = write(1);
    try (ModelServer server = ModelServer.start(bundle, VersionsTest.options(), line -> {})) {
      Http http = new Http(server.uri());
      assertThat(metrics(http)).isEmpty();
      List<byte[]> files = IntStream.range(0, 5).mapToObj(i -> TinyBundle.jpeg(i, 50)).toList();
      List<Http.Answer> answers = new ArrayList<>();
      answers.add(http.post(MODEL + ":predict", Http.files(files.get(0))));
      answers.add(http.post(MODEL + ":predict", float32(TinyBundle.pixels(files.get(1)))));
      answers.add(http.post(MODEL + ":classify", example(files.get(2))));
      answers.add(http.post(MODEL + ":classify", example(TinyBundle.pixels(files.get(3)))));
      answers.add(http.post("/api/classify", files.get(4)));
      assertThat(answers).allMatch(answer -> answer.status() == 200);
      // Refused: counted nowhere.
      assertThat(http.post("/api/classify", new byte[] {1, 2}).status()).isEqualTo(400);

      double[] probabilities =
          files.stream().mapToDouble(file -> TinyBundle.expected(1, file)).toArray();
      Map<String, Double> metrics = metrics(http);
      long positive = IntStream.range(0, 5).filter(i -> probabilities[i] >= 0.5).count();
      for (Map.Entry<String, Long> label :
          Map.of("NORMAL", 5 - positive, "PNEUMONIA", positive).entrySet()) {
        assertThat(
                metrics.getOrDefault(
                    "deepxray_predictions_total{label=\"%s\",version=\"1\"}"
                        .formatted(label.getKey()),
                    0.0))
            .isEqualTo(label.getValue().doubleValue());
      }
      assertThat(metrics.get("deepxray_probability_count{version=\"1\"}")).isEqualTo(5);
      assertThat(metrics.get("deepxray_probability_sum{version=\"1\"}"))
          .isCloseTo(IntStream.range(0, 5).mapToDouble(i -> probabilities[i]).sum(), within(1e-3));
      for (double bound : new double[] {.1, .5, .9}) {
        assertThat(metrics.get("deepxray_probability_bucket{version=\"1\",le=\"" + bound + "\"}"))
            .isEqualTo(
                (double) IntStream.range(0, 5).filter(i -> probabilities[i] <= bound).count());
      }
      assertThat(metrics.get("deepxray_input_brightness_sum{version=\"1\"}"))
          .isCloseTo(
              files.stream().mapToDouble(file -> greyMean(TinyBundle.pixels(file))).sum(),
              within(0.01));
      // Of images that are sent as numbers, the size is unknown.
      assertThat(metrics.get("deepxray_input_height_pixels_sum{version=\"1\"}")).isEqualTo(150);
      assertThat(metrics.get("deepxray_input_width_pixels_count{version=\"1\"}")).isEqualTo(3);
      assertThat(metrics.keySet()).noneMatch(name -> name.startsWith("deepxray_drift"));
    }
  }

  /** The definition: shares with half an image added to each bin. */
  private static double index(List<Integer> reference, long... sample) {
    double all = reference.stream().mapToInt(i -> i).sum() + sample.length / 2.0;
    double others = IntStream.range(0, sample.length).mapToLong(b -> sample[b]).sum();
    double sum = 0;
    for (int b = 0; b < sample.length; b++) {
      double before = (reference.get(b) + 0.5) / all;
      double after = (sample[b] + 0.5) / (others + sample.length / 2.0);
      sum += (after - before) * Math.log(after / before);
    }
    return sum;
  }

  @Test
  void theDriftIsThatOfTheAnsweredProbabilities() throws Exception {
    Path bundle = write(1);
    try (ModelServer server = ModelServer.start(bundle, VersionsTest.options(), line -> {})) {
      Http http = new Http(server.uri());
      long[] probabilities = new long[3];
      for (int sent = 0; sent < 120; sent += 20) {
        assertThat(metrics(http).keySet())
            .as("after " + sent)
            .filteredOn(name -> name.startsWith("deepxray_drift"))
            .hasSize(sent < 100 ? 0 : 12);
        byte[][] files = new byte[20][];
        for (int i = 0; i < 20; i++) {
          files[i] = TinyBundle.jpeg(sent + i, 40);
        }
        Http.Answer answer = http.post(MODEL + ":predict", Http.files(files));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        for (JsonNode probability : answer.json().path("predictions")) {
          double p = probability.get(0).doubleValue();
          probabilities[p <= 0.25 ? 0 : p <= 0.5 ? 1 : 2]++;
        }
      }
      Map<String, Double> metrics = metrics(http);
      assertThat(metrics.get("deepxray_drift_index{quantity=\"probability\",version=\"1\"}"))
          .isCloseTo(index(PROBABILITY.images(), probabilities), within(1e-9));
      // All are smaller than all images of the reference.
      assertThat(metrics.get("deepxray_drift_index{quantity=\"height\",version=\"1\"}"))
          .isCloseTo(index(List.of(0, 3, 0), 120, 0, 0), within(1e-9));
      // Two degrees of freedom: 5.99, approximated by 5.94.
      assertThat(metrics.get("deepxray_drift_limit{quantity=\"probability\",version=\"1\"}"))
          .isCloseTo(5.99 * (1.0 / 100 + 1.0 / 120), within(2e-3));
    }
  }

  @Test
  void theMetricsOfAVersionEndWithIt() throws Exception {
    write(1);
    byte[] file = TinyBundle.jpeg(1, 50);
    try (ModelServer server =
        ModelServer.start(folder.resolve("versions"), VersionsTest.options(), line -> {})) {
      Http http = new Http(server.uri());
      http.post(MODEL + ":predict", Http.files(file));
      assertThat(metrics(http)).containsEntry("deepxray_probability_count{version=\"1\"}", 1.0);
      write(2);
      for (int i = 0; i < 3000 && !"AVAILABLE".equals(server.versions().get(2L)); i++) {
        Thread.sleep(10);
      }
      http.post(MODEL + ":predict", Http.files(file, file));
      assertThat(metrics(http))
          .containsEntry("deepxray_probability_count{version=\"2\"}", 2.0)
          .allSatisfy((name, value) -> assertThat(name).doesNotContain("version=\"1\""));
    }
  }

  @Test
  void ofABundleOfAnEarlierBuildOnlyCountsAreExported() throws Exception {
    List<String> log = new ArrayList<>();
    Path bundle = TinyBundle.write(folder.resolve("earlier"), 1);
    try (ModelServer server = ModelServer.start(bundle, VersionsTest.options(), log::add)) {
      Http http = new Http(server.uri());
      byte[][] files = new byte[20][];
      for (int i = 0; i < 20; i++) {
        files[i] = TinyBundle.jpeg(i, 40);
      }
      for (int i = 0; i < 6; i++) {
        assertThat(http.post(MODEL + ":predict", Http.files(files)).status()).isEqualTo(200);
      }
      assertThat(metrics(http))
          .containsEntry("deepxray_probability_count{version=\"1\"}", 120.0)
          .allSatisfy((name, value) -> assertThat(name).doesNotContain("drift"));
      assertThat(log).hasSize(1);
    }
  }

  /** Values that are no image are answered as ever; what cannot be counted is not. */
  @Test
  void valuesThatAreNotFiniteAreNotCounted() throws Exception {
    try (ModelServer server = ModelServer.start(write(1), VersionsTest.options(), line -> {})) {
      Http http = new Http(server.uri());
      float[] image = TinyBundle.pixels(TinyBundle.jpeg(1, 50));
      image[0] = Float.NaN;
      http.post(MODEL + ":predict", float32(image));
      assertThat(metrics(http).keySet()).noneMatch(name -> name.contains("brightness_count"));
    }
  }
}
