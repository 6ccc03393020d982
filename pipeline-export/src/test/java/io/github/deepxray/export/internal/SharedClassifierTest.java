package io.github.deepxray.export.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.Explainer;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.classify.Prediction;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.quantize.ModelQuantization;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.tensorflow.internal.SavedModelWriter;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.MinMaxQuantization;
import io.github.deepxray.testkit.Threads;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One classifier or explainer that threads share, in every form that is deployed. */
@Timeout(180)
@InCi
class SharedClassifierTest {
  private static final int THREADS = 32;
  private static final int ROUNDS = 10;

  private static final List<Slice> SLICES = List.of(Slice.NORMAL, Slice.BACTERIAL, Slice.VIRAL);

  /** Each thread has one of its own. */
  private static final List<RgbImage> IMAGES =
      IntStream.range(0, THREADS)
          .mapToObj(i -> Phantom.draw(SLICES.get(i % 3), 5, i, 1, 24 + i))
          .toList();

  @TempDir static Path folder;
  private static Bundle bundle;

  /** A bundle of random weights, in every form. */
  @BeforeAll
  static void writeBundle() throws IOException {
    Model trained = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1);
    Model folded = Passes.forInference().apply(trained);
    SavedModelWriter.write(folder.resolve(Artifact.SAVED_MODEL.path()), folded, Fit.STRETCH);
    write(folded, Artifact.FLOAT32);
    write(Passes.dynamicRange().apply(trained), Artifact.DYNAMIC);
    for (QuantizationMode mode : List.of(QuantizationMode.FLOAT16, QuantizationMode.WEIGHTS)) {
      QuantizationSpec spec = QuantizationSpec.of(mode);
      write(
          new ModelQuantization(spec).quantize(new ModelQuantization(spec).prepare(trained)),
          Artifact.of(mode.id()));
    }
    float[] images = Fixtures.randomImages(folded.network(), 4, 2);
    var ranges = MinMaxQuantization.ranges(new TfLiteEngineFactory(), folded, images, 4);
    write(MinMaxQuantization.quantize(folded, Arithmetic.INT8, ranges, Set.of()), Artifact.INT8);
    write(
        MinMaxQuantization.quantize(folded, Arithmetic.INT16, ranges, Set.of()),
        Artifact.of("int16x8"));
    TfLiteWriter.write(Passes.explaining().apply(trained), folder.resolve(Bundle.EXPLAIN));
    AtomicFiles.write(folder.resolve(Bundle.LABELS), "NORMAL\nPNEUMONIA\n");
    List<ArtifactReport> reports = new ArrayList<>();
    for (Artifact artifact : Artifact.all()) {
      reports.add(report(artifact));
    }
    ArtifactReport.write(folder.resolve(ArtifactReport.FILE), Fit.CROP, reports);
    AtomicFiles.write(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
    bundle = Bundle.open(folder);
  }

  private static void write(Model model, Artifact artifact) throws IOException {
    TfLiteWriter.write(model, folder.resolve(artifact.path()));
  }

  private static ArtifactReport report(Artifact artifact) throws IOException {
    return new ArtifactReport(
        artifact.key(),
        artifact.path(),
        "tiny",
        OptionalDouble.of(0.5),
        FileSizes.of(folder.resolve(artifact.path())),
        Optional.empty(),
        GateLimits.QUANTIZATION,
        new Verdict(Map.of(), List.of()));
  }

  private static Classifier load(Artifact artifact) throws IOException {
    return Classifier.open(bundle.folder(), Classifier.Options.DEFAULT.withArtifact(artifact));
  }

  private static Explainer explainer() throws IOException {
    Path file = folder.resolve(Bundle.EXPLAIN);
    return Explainer.open(file);
  }

  static List<Artifact> twoForms() {
    return List.of(Artifact.FLOAT32, Artifact.SAVED_MODEL);
  }

  static Stream<Arguments> forms() {
    return Artifact.all().stream()
        .flatMap(artifact -> Arrays.stream(Threads.values()).map(t -> Arguments.of(artifact, t)));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void answersManyThreadsAsOne(Artifact artifact, Threads threads) throws Exception {
    List<Prediction> expected = new ArrayList<>();
    try (Classifier alone = load(artifact)) {
      IMAGES.forEach(image -> expected.add(alone.classify(image)));
    }
    assertThat(Set.copyOf(expected)).hasSizeGreaterThan(1);
    try (Classifier shared = load(artifact)) {
      threads.run(
          THREADS,
          t -> {
            for (int round = 0; round < ROUNDS; round++) {
              assertThat(shared.classify(IMAGES.get(t))).isEqualTo(expected.get(t));
            }
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void explainsToManyThreadsAsToOne(Threads threads) throws Exception {
    List<float[]> expected = new ArrayList<>();
    try (Explainer alone = explainer()) {
      IMAGES.forEach(image -> expected.add(alone.explain(image).heatMap().values()));
    }
    try (Explainer shared = explainer()) {
      threads.run(
          THREADS,
          t -> {
            for (int round = 0; round < ROUNDS; round++) {
              assertThat(shared.explain(IMAGES.get(t)).heatMap().values())
                  .isEqualTo(expected.get(t));
            }
          });
    }
  }

  @Test
  void explainsNothingOnceItIsClosed() throws IOException {
    Explainer explainer = explainer();
    explainer.close();
    explainer.close();
    assertThatThrownBy(() -> explainer.explain(IMAGES.get(0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the explainer is closed");
  }

  /** Freeing what a native call reads would end the process. */
  @ParameterizedTest
  @MethodSource("forms")
  void closesWhileOthersClassify(Artifact artifact, Threads threads) throws Exception {
    Prediction expected;
    try (Classifier alone = load(artifact)) {
      expected = alone.classify(IMAGES.get(0));
    }
    for (int round = 0; round < 8; round++) {
      Classifier shared = load(artifact);
      CountDownLatch answered = new CountDownLatch(1);
      threads.run(
          8,
          t -> {
            if (t < 2) {
              answered.await();
              shared.close();
              assertThatThrownBy(() -> shared.classify(IMAGES.get(t)))
                  .isInstanceOf(IllegalStateException.class)
                  .hasMessage("the classifier is closed");
              return;
            }
            for (int call = 0; call < 100; call++) {
              try {
                assertThat(shared.classify(IMAGES.get(0))).isEqualTo(expected);
                answered.countDown();
              } catch (IllegalStateException e) {
                return;
              }
            }
          });
    }
  }

  /** More engines are made of what was read, not of what the file is by then. */
  @ParameterizedTest
  @MethodSource("twoForms")
  void readsTheFileOnce(Artifact artifact) throws Exception {
    Path copy = Files.createTempDirectory(folder, "copy").resolve("model");
    try (Stream<Path> files = Files.walk(folder.resolve(artifact.path()))) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            copy.resolve(folder.resolve(artifact.path()).relativize(file).toString()).normalize());
      }
    }
    try (Classifier shared =
        Classifier.open(copy, Classifier.Options.DEFAULT.withArtifact(artifact))) {
      AtomicFiles.deleteRecursively(copy);
      Threads.PLATFORM.run(8, t -> shared.classify(IMAGES.get(t)));
    }
  }

  @ParameterizedTest
  @MethodSource("twoForms")
  void endsWithOneExceptionWhenItsThreadIsInterrupted(Artifact artifact) throws Exception {
    try (Classifier shared = load(artifact)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> shared.classify(IMAGES.get(0)))
          .isExactlyInstanceOf(WorkInterruptedException.class);
      // Clears it.
      assertThat(Thread.interrupted()).isTrue();
      assertThat(shared.classify(IMAGES.get(0)).probability()).isBetween(0.0, 1.0);

      Thread busy =
          new Thread(
              () ->
                  assertThatThrownBy(
                          () -> {
                            for (int i = 0; i < 1_000_000; i++) {
                              shared.classify(IMAGES.get(1));
                            }
                          })
                      .isExactlyInstanceOf(WorkInterruptedException.class));
      List<Throwable> failures = new ArrayList<>();
      busy.setUncaughtExceptionHandler((thread, e) -> failures.add(e));
      busy.start();
      Thread.sleep(50);
      busy.interrupt();
      busy.join();
      assertThat(failures).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {7, -0.1, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesAThresholdThatIsNoProbability(double threshold) {
    for (Path model : List.of(bundle.folder(), folder.resolve(Artifact.FLOAT32.path()))) {
      assertThatThrownBy(
              () ->
                  Classifier.open(model, Classifier.Options.DEFAULT.withThreshold(threshold))
                      .close())
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(String.valueOf(threshold))
          .hasMessageContaining("0 to 1");
    }
  }

  @Test
  void refusesAFolderForAnImage() throws IOException {
    try (Classifier classifier = load(Artifact.FLOAT32)) {
      assertThatThrownBy(() -> classifier.classify(folder))
          .isInstanceOf(DeepXrayException.class)
          .hasMessage(folder + " is a folder; give an image file.");
    }
  }

  /** As in the threads of a common pool in a server or a runnable jar. */
  @ParameterizedTest
  @MethodSource("twoForms")
  void findsItsLibrariesWhereverTheThreadLoadsClassesFrom(Artifact artifact) throws Exception {
    Threads.PLATFORM.run(
        1,
        t -> {
          Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
          assertThat(artifact.supported()).isTrue();
          try (InferenceEngine engine = artifact.load(bundle, 1)) {
            assertThat(engine.inputShape()).containsExactly(32, 32, 3);
          }
        });
  }
}
