package io.github.deepxray.export.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.internal.prune.ChannelPruning;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.text.internal.Yaml;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files that docs/smaller-models.md shows are what users copy: they must be read. */
class SpecificationFilesTest {
  @TempDir Path folder;

  /** The block of a language whose first line says so. */
  private Path file(String name) throws IOException {
    Path page = Path.of(System.getProperty("deepxray.root"), "docs/smaller-models.md");
    Matcher block =
        Pattern.compile("```yaml\n(# " + Pattern.quote(name) + "\n.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(page));
    assertThat(block.find()).as(name + " in the page").isTrue();
    return Files.writeString(folder.resolve(name), block.group(1));
  }

  private static void assertNamesEveryField(Path file, Class<? extends Record> type)
      throws IOException {
    List<String> names = new ArrayList<>();
    Yaml.read(file).fieldNames().forEachRemaining(names::add);
    assertThat(names)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList());
  }

  @Test
  void theFilesOfDetailsNameEveryFieldAndItsDefault() throws IOException {
    Path tune = file("tune.yaml");
    assertNamesEveryField(tune, FineTuningRecipe.class);
    FineTuningRecipe tuning = FineTuningRecipe.of(tune.toString());
    assertThat(tuning.learningRates()).isEqualTo(Map.of("top", 0.5));
    assertThat(tuning.withLearningRates(Map.of())).isEqualTo(FineTuningRecipe.DEFAULT);

    Path prune = file("prune.yaml");
    assertNamesEveryField(prune, PruningSpec.class);
    assertThat(PruningSpec.read(prune.toString())).isEqualTo(PruningSpec.of(0.5));
    Files.writeString(
        prune, "sparsity: 0.5\nstructure: 2:4\nscope: global\ntiming: {type: constant}\n");
    PruningSpec pattern = PruningSpec.read(prune.toString());
    assertThat(pattern.structure()).isEqualTo(PruningSpec.Structure.TWO_OF_FOUR);
    assertThat(pattern.scope()).isEqualTo(PruningSpec.Scope.GLOBAL);
    assertThat(pattern.timing()).isInstanceOf(PruningSpec.Constant.class);
    Files.writeString(
        prune,
        """
        sparsity: 0.5
        structure: 1x4
        timing: {type: constant_steps, beginStep: 5, endStep: 9}
        """);
    assertThat(PruningSpec.read(prune.toString()).structure())
        .isEqualTo(PruningSpec.Structure.BLOCK_1X4);

    Path channels = file("channels.yaml");
    assertNamesEveryField(channels, ChannelPruningSpec.class);
    assertThat(ChannelPruningSpec.read(channels.toString()))
        .isEqualTo(ChannelPruningSpec.of(0.68).withWidths(Map.of("block6b", 576)));
    ChannelPruning.check(
        ChannelPruningSpec.read(channels.toString()),
        EfficientNet.B0.network(),
        EfficientNet.B0.expansionBlocks());
  }
}
