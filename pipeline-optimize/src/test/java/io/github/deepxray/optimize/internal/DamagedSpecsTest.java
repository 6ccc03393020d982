package io.github.deepxray.optimize.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.testkit.DamagedInputs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged descriptions of prunings and damaged calibrations give a value or a line. */
class DamagedSpecsTest {
  private static final long MOST_BYTES = 64L << 20;

  @TempDir Path folder;

  private static final String PRUNING =
      """
      {"sparsity": 0.5, "base": "pointwise", "scope": "global", "structure": "unstructured",
       "timing": {"type": "polynomial", "initialSparsity": 0.1, "begin": 0.1, "end": 0.6,
         "power": 3, "frequency": 10},
       "from": "block6a", "spare": ["stem_conv", "*se_reduce"]}
      """;

  private static final String STEPS =
      """
      {"sparsity": 0.5,
       "timing": {"type": "polynomial_steps", "initialSparsity": 0, "beginStep": 0,
         "endStep": 100, "power": 3, "frequency": 10}}
      """;

  private static final String CHANNELS =
      """
      {"share": 0.6, "cost": "time", "widths": {"block6b": 576}, "blocks": ["block5*"],
       "allocation": "global", "multiple": 8, "minimum": 0.25, "compensation": "mean"}
      """;

  @ParameterizedTest
  @ValueSource(strings = {"json", "yaml"})
  void prunings(String extension) throws IOException {
    for (String text : new String[] {PRUNING, STEPS}) {
      Path file = folder.resolve("prune." + extension);
      Files.writeString(file, text);
      assertThat(DamagedInputs.json(file, MOST_BYTES, () -> use(PruningSpec.read(file.toString()))))
          .isPositive();
    }
  }

  private static void use(PruningSpec spec) {
    assertThat(spec.sparsity()).isBetween(0.0, 1.0);
    spec.timing().schedule(spec.sparsity(), 1000).sparsityAfter(1000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "yaml"})
  void channelPrunings(String extension) throws IOException {
    Path file = folder.resolve("channels." + extension);
    Files.writeString(file, CHANNELS);
    assertThat(DamagedInputs.json(file, MOST_BYTES, () -> ChannelPruningSpec.read(file.toString())))
        .isPositive();
  }
}
