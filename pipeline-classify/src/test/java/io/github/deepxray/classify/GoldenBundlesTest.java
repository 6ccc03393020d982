package io.github.deepxray.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bundles of every format that was ever released are read, and say what they said then. */
class GoldenBundlesTest {
  private static final Path FOLDER =
      Path.of(
          System.getProperty("deepxray.root", ".."),
          "pipeline-classify/src/test/resources/io/github/deepxray/classify/golden");

  static Stream<Path> bundles() {
    return IntStream.rangeClosed(1, Bundle.FORMAT).mapToObj(n -> FOLDER.resolve("format-" + n));
  }

  /** What a network's layers mean, computed without an engine. */
  private static Map<String, double[]> expected(RgbImage image) {
    float[] input = new float[image.width() * image.height() * 3];
    image.copyTo(input, 0);
    return new ReferenceInterpreter(GoldenBundle.model("probability", "heat_map")).run(input);
  }

  @ParameterizedTest
  @MethodSource("bundles")
  void classifiesAsWhenItWasWritten(Path folder) throws IOException {
    Bundle bundle = Bundle.open(folder);
    assertThat(bundle.damage()).isEmpty();
    try (Classifier classifier = Classifier.open(folder)) {
      assertThat(classifier.labels()).isEqualTo(GoldenBundle.LABELS);
      assertThat(classifier.threshold()).hasValue(GoldenBundle.THRESHOLD);
      for (int number = 0; number < 5; number++) {
        RgbImage image = GoldenBundle.image(number);
        double probability = expected(image).get("probability")[0];
        Prediction prediction = classifier.classify(image);
        assertThat(prediction.probability()).isCloseTo(probability, within(1e-5));
        assertThat(prediction.label())
            .isEqualTo(GoldenBundle.LABELS.get(probability >= GoldenBundle.THRESHOLD ? 1 : 0));
      }
    }
  }

  /** As builds did that knew no other fit. */
  @Test
  void withoutTheFieldImagesAreStretched() throws IOException {
    Path folder = FOLDER.resolve("format-1");
    assertThat(Files.readString(folder.resolve(ArtifactReport.FILE))).doesNotContain("\"fit\"");
    assertThat(Bundle.open(folder).fit()).isEqualTo(Fit.STRETCH);
    RgbImage wide = Resizer.resize(GoldenBundle.image(3), 40, 100);
    RgbImage stretched = Resizer.resize(wide, 16, 16);
    for (Path model : List.of(folder, folder.resolve(Bundle.TFLITE_FLOAT32))) {
      try (Classifier classifier = Classifier.open(model)) {
        assertThat(classifier.fit()).isEqualTo(Fit.STRETCH);
        assertThat(classifier.classify(wide)).isEqualTo(classifier.classify(stretched));
      }
    }
  }

  @Test
  void theFitOfTheBundleIsUsed(@TempDir Path folder) throws IOException {
    for (String file :
        List.of(Bundle.LABELS, Bundle.TFLITE_FLOAT32, Bundle.EXPLAIN, ArtifactReport.FILE)) {
      Files.copy(FOLDER.resolve("format-1").resolve(file), folder.resolve(file));
    }
    Path artifacts = folder.resolve(ArtifactReport.FILE);
    ArtifactReport.write(artifacts, Fit.CROP, new Bundle(folder).artifacts());
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
    RgbImage wide = Resizer.resize(GoldenBundle.image(3), 40, 100);
    RgbImage cropped = Fit.CROP.apply(wide, 16, 16);
    // The file alone belongs to its bundle, too.
    for (Path model : List.of(folder, folder.resolve(Bundle.TFLITE_FLOAT32))) {
      try (Classifier classifier = Classifier.open(model)) {
        assertThat(classifier.fit()).isEqualTo(Fit.CROP);
        assertThat(classifier.classify(wide)).isEqualTo(classifier.classify(cropped));
      }
    }
    try (Explainer explainer = Explainer.open(folder.resolve(Bundle.EXPLAIN))) {
      assertThat(explainer.explain(wide).heatMap()).isEqualTo(explainer.explain(cropped).heatMap());
    }
    Files.writeString(artifacts, Files.readString(artifacts).replace("\"crop\"", "\"squash\""));
    assertThatThrownBy(() -> new Bundle(folder).fit())
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("fit")
        .hasMessageContaining("export the bundle again");
  }

  @Test
  void calibratedProbabilitiesAreCorrectedForAPrevalence(@TempDir Path folder) throws IOException {
    Path plain = FOLDER.resolve("format-1");
    for (String file : List.of(Bundle.LABELS, Bundle.TFLITE_FLOAT32, ArtifactReport.FILE)) {
      Files.copy(plain.resolve(file), folder.resolve(file));
    }
    ArtifactReport.write(
        folder.resolve(ArtifactReport.FILE),
        new ArtifactReport.All(
            Fit.STRETCH, OptionalDouble.of(0.75), new Bundle(folder).artifacts()));
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
    Classifier.Options half = Classifier.Options.DEFAULT.withPrevalence(0.5);
    try (Classifier own = Classifier.open(folder);
        Classifier corrected = Classifier.open(folder, half)) {
      for (int number = 0; number < 5; number++) {
        Prediction before = own.classify(GoldenBundle.image(number));
        Prediction after = corrected.classify(GoldenBundle.image(number));
        // Three to one among the images of the fit: a third of the odds at one to one.
        double odds = before.probability() / (1 - before.probability()) / 3;
        assertThat(after.probability()).isCloseTo(odds / (1 + odds), within(1e-12));
        assertThat(after.label()).isEqualTo(before.label());
        assertThat(after.threshold().orElseThrow())
            .isCloseTo(0.375 / 0.625 / 3 / (1 + 0.375 / 0.625 / 3), within(1e-12));
      }
    }
    assertThatThrownBy(() -> Classifier.open(plain, half))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("no calibrated probabilities");
    assertThatThrownBy(() -> Classifier.open(folder.resolve(Bundle.TFLITE_FLOAT32), half))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("is no bundle");
    for (double share : new double[] {0, 1, -0.5, Double.NaN}) {
      assertThatThrownBy(() -> Classifier.Options.DEFAULT.withPrevalence(share))
          .isInstanceOf(DeepXrayException.class);
    }
  }

  @Test
  void theLimitOfTheBundleIsUsed(@TempDir Path folder) throws IOException {
    for (String file : List.of(Bundle.LABELS, ArtifactReport.FILE)) {
      Files.copy(FOLDER.resolve("format-1").resolve(file), folder.resolve(file));
    }
    Model model = Fixtures.guarded(Fixtures.withRandomWeights(Fixtures.smallNetwork(16), 3), 4);
    TfLiteWriter.write(model, folder.resolve(Bundle.TFLITE_FLOAT32));
    RgbImage image = GoldenBundle.image(2);
    float[] pixels = new float[16 * 16 * 3];
    image.copyTo(pixels, 0);
    double expected = new ReferenceInterpreter(model).run(pixels).get("unfamiliarity")[0];
    ArtifactReport old = new Bundle(folder).report(Artifact.FLOAT32);
    ArtifactReport.write(
        folder.resolve(ArtifactReport.FILE),
        Fit.STRETCH,
        List.of(
            new ArtifactReport(
                old.artifact(),
                old.path(),
                old.form(),
                old.threshold(),
                OptionalDouble.of(0.125),
                old.size(),
                old.weights(),
                old.limits(),
                old.verdict())));
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
    for (Path opened : List.of(folder, folder.resolve(Bundle.TFLITE_FLOAT32))) {
      try (Classifier classifier = Classifier.open(opened)) {
        Unfamiliarity guard = classifier.classify(image).unfamiliarity().orElseThrow();
        assertThat(guard.value()).isCloseTo(expected, within(1e-5));
        // The file alone has no limit.
        assertThat(guard.limit()).isEqualTo(opened.equals(folder) ? 0.125 : 0.5);
      }
    }
    Path artifacts = folder.resolve(ArtifactReport.FILE);
    for (String wrong : List.of("1.5", "-0.125", "\"NaN\"")) {
      String text = Files.readString(artifacts).replaceFirst("0\\.125(?=,)", wrong);
      Files.writeString(folder.resolve("wrong.json"), text);
      assertThatThrownBy(() -> ArtifactReport.read(folder.resolve("wrong.json")))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("wrong.json")
          .hasMessageContaining("export the bundle again");
    }
  }

  /** Slope 2 and offset ln 3: three times the square of the odds. */
  @Test
  void anAdaptedBundleMapsTheProbabilitiesOfTheSameFiles(@TempDir Path folder) throws IOException {
    Path plain = FOLDER.resolve("format-1");
    for (String file : List.of(Bundle.LABELS, Bundle.TFLITE_FLOAT32, ArtifactReport.FILE)) {
      Files.copy(plain.resolve(file), folder.resolve(file));
    }
    Bundle bundle = new Bundle(folder);
    Adaptation adaptation =
        new Adaptation(
            Adaptation.Method.PLATT,
            2,
            Math.log(3),
            50,
            40,
            "0".repeat(64),
            Map.of("float32", GoldenBundle.THRESHOLD));
    ArtifactReport.write(
        folder.resolve(ArtifactReport.FILE),
        new ArtifactReport.All(
            Bundle.FORMAT,
            Fit.STRETCH,
            OptionalDouble.of(0.75),
            Optional.of(adaptation),
            List.of(bundle.artifacts().get(0).withThreshold(0.25))));
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
    assertThat(bundle.reports().adaptation()).contains(adaptation);
    assertThat(bundle.exportedArtifacts()).isEqualTo(new Bundle(plain).artifacts());
    try (Classifier before = Classifier.open(plain);
        Classifier after = Classifier.open(folder);
        Classifier half = Classifier.open(folder, Classifier.Options.DEFAULT.withPrevalence(0.5))) {
      for (int number = 0; number < 5; number++) {
        double p = before.classify(GoldenBundle.image(number)).probability();
        double odds = 3 * Math.pow(p / (1 - p), 2);
        Prediction adapted = after.classify(GoldenBundle.image(number));
        assertThat(adapted.probability()).isCloseTo(odds / (1 + odds), within(1e-12));
        assertThat(adapted.threshold()).hasValue(0.25);
        assertThat(adapted.label()).isEqualTo(odds >= 1 / 3.0 ? "PNEUMONIA" : "NORMAL");
        // The prevalence is corrected from that of the site, three to one.
        Prediction corrected = half.classify(GoldenBundle.image(number));
        assertThat(corrected.probability()).isCloseTo(odds / 3 / (1 + odds / 3), within(1e-12));
        assertThat(corrected.threshold().orElseThrow()).isCloseTo(0.1, within(1e-12));
        assertThat(corrected.label()).isEqualTo(adapted.label());
      }
    }
  }

  @Test
  void anAdaptationWithoutTheThresholdsOfTheFilesIsRefused(@TempDir Path folder)
      throws IOException {
    Path file = folder.resolve(ArtifactReport.FILE);
    Files.copy(FOLDER.resolve("format-1").resolve(ArtifactReport.FILE), file);
    Bundle bundle = new Bundle(folder);
    String plain = Files.readString(file);
    for (String adaptation :
        List.of(
            adaptation("platt", "1.0", 40, "{}"),
            adaptation("platt", "0.0", 40, "{\"float32\": 0.5}"),
            adaptation("platt", "1.0", 41, "{\"float32\": 0.5}"),
            adaptation("platt", "1.0", 40, "{\"float32\": 1.5}"),
            adaptation("other", "1.0", 40, "{\"float32\": 0.5}"))) {
      Files.writeString(file, plain.replaceFirst("\\{", "{ \"adaptation\": " + adaptation + ","));
      assertThatThrownBy(bundle::artifacts)
          .as(adaptation)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("artifacts.json");
    }
    Files.writeString(
        file,
        plain.replaceFirst(
            "\\{",
            "{ \"adaptation\": " + adaptation("none", "1.0", 40, "{\"float32\": 0.5}") + ","));
    assertThat(bundle.exportedArtifacts().get(0).threshold()).hasValue(0.5);
  }

  private static String adaptation(String method, String slope, int patients, String thresholds) {
    return """
    {"method": "%s", "slope": %s, "offset": 0.0, "images": 40, "patients": %s,
     "sha256": "%s", "thresholds": %s}\
    """
        .formatted(method, slope, patients, "a".repeat(64), thresholds);
  }

  @ParameterizedTest
  @MethodSource("bundles")
  void explainsAsWhenItWasWritten(Path folder) throws IOException {
    try (Explainer explainer = Explainer.open(folder.resolve(Bundle.EXPLAIN))) {
      RgbImage image = GoldenBundle.image(1);
      double[] map = expected(image).get("heat_map");
      float[] actual = explainer.explain(image).heatMap().values();
      assertThat(actual).hasSize(map.length);
      for (int i = 0; i < map.length; i++) {
        assertThat((double) actual[i]).isCloseTo(map[i], within(1e-4));
      }
    }
  }

  @Test
  void newerFormatsAreRefusedInALine(@TempDir Path folder) throws IOException {
    Path newer = folder.resolve("bundle");
    Files.createDirectories(newer);
    for (String file : List.of(Bundle.LABELS, Bundle.TFLITE_FLOAT32, ArtifactReport.FILE)) {
      Files.copy(FOLDER.resolve("format-1").resolve(file), newer.resolve(file));
    }
    Path artifacts = newer.resolve(ArtifactReport.FILE);
    int next = Bundle.FORMAT + 1;
    Files.writeString(
        artifacts,
        Files.readString(artifacts).replaceFirst("\"format\" : 1,", "\"format\" : " + next + ","));
    Files.writeString(newer.resolve(Bundle.CHECKSUMS), Bundle.checksums(newer));
    String message =
        newer
            + " was written by a newer deepxray (format "
            + next
            + "); this one reads up to "
            + Bundle.FORMAT
            + ": update it.";
    assertThatThrownBy(() -> Bundle.open(newer))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> Classifier.open(newer))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(message);
  }

  @Test
  void whatIsNoFormatIsRefused(@TempDir Path folder) throws IOException {
    Path file = folder.resolve(ArtifactReport.FILE);
    for (String format : List.of("0", "-1", "\"1\"", "1.5")) {
      Files.writeString(file, "{\"format\": " + format + ", \"artifacts\": []}");
      assertThatThrownBy(() -> new Bundle(folder).artifacts())
          .as(format)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("export the bundle again");
    }
  }
}
