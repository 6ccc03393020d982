package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelForm;
import io.github.deepxray.core.format.ModelForm.Kind;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.DamagedInputs;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.InCi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every format on the class path is held to: it reads what it writes, and refuses the rest.
 */
class HostileModelsTest {
  /** Several copies of the file, and what an engine needs. */
  private static final long MOST_BYTES = 512L << 20;

  private static final int SIZE = 16;

  private static final Model TRAINED = Fixtures.withRandomWeights(Fixtures.smallNetwork(SIZE), 1);

  private static final ModelNotes NOTES =
      new ModelNotes(
          "test",
          "A test.",
          "Noise.",
          Fit.STRETCH,
          List.of(new ModelNotes.Output(TRAINED.network().outputs().get(0), "A number.")),
          List.of("a", "b"),
          false);

  @TempDir Path folder;

  /** Those that are written without a quantize stage. */
  static List<Arguments> forms() {
    return ModelFormats.all().stream()
        .flatMap(
            format ->
                format.forms().stream()
                    .filter(form -> form.kind() == Kind.FLOAT || form.kind() == Kind.DYNAMIC)
                    .map(form -> Arguments.of(format, form)))
        .toList();
  }

  private static Path write(ModelFormat format, ModelForm form, Path folder) throws IOException {
    Model model =
        form.kind() == Kind.FLOAT
            ? Passes.forInference().apply(TRAINED)
            : Passes.dynamicRange().apply(TRAINED);
    Path target = folder.resolve(form.path());
    format.write(model, NOTES, target);
    return target;
  }

  private static float[] run(ModelFormat format, Path model) throws IOException {
    try (InferenceEngine engine = format.load(model, 1)) {
      int values = engine.inputShape().stream().reduce(1, Math::multiplyExact);
      return engine.run(new float[values], 1)[0];
    }
  }

  private static List<Path> files(Path model) throws IOException {
    try (Stream<Path> files = Files.walk(model)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("forms")
  void readsWhatItWrites(ModelFormat format, ModelForm form) throws IOException {
    Path model = write(format, form, folder.resolve("one"));
    assertThat(ModelFormats.of(model)).map(ModelFormat::name).hasValue(format.name());
    assertThat(format.labels(model)).isIn(List.of(), NOTES.classes());
    float[] input = new float[SIZE * SIZE * 3];
    try (InferenceEngine engine = Engines.named(Engines.DEFAULT).create(TRAINED, 1)) {
      double closeness = form.kind() == Kind.FLOAT ? 1e-4 : 0.1;
      assertThat(run(format, model)[0])
          .isCloseTo(engine.run(input, 1)[0][0], within((float) closeness));
    }
    Path again = write(format, form, folder.resolve("two"));
    List<Path> files = files(model);
    assertThat(files(again)).hasSameSizeAs(files);
    for (Path file : files) {
      assertThat(again.resolve(model.relativize(file).toString())).hasSameBinaryContentAs(file);
    }
  }

  @InCi
  @ParameterizedTest
  @MethodSource("forms")
  void damagedFilesAreRunOrRefused(ModelFormat format, ModelForm form) throws IOException {
    Path model = write(format, form, folder);
    for (Path file : files(model)) {
      DamagedInputs.bytes(file, MOST_BYTES, () -> run(format, model));
    }
  }
}
