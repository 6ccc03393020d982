package io.github.deepxray.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadSpecTest {
  private static final String YAML =
      """
      name: mine
      members:
        - {hiddenUnits: [64, 16], dropout: 0.3, l2: 0.001}
        - {hiddenUnits: [], dropout: 0, l2: 0.01}
      standardize: true
      balanced: false
      labelSmoothing: 0.05
      views: 2
      augmentation: mild
      optimizer: {type: sgd, momentum: 0.9}
      learningRate: {type: exponential, initial: 0.02, decaySteps: 50, decayRate: 0.9}
      batchSize: 32
      epochs: 7
      patience: 3
      criterion: plain
      """;

  @TempDir Path folder;

  @Test
  void readsAHeadFromYaml() throws IOException {
    assertThat(HeadSpec.of(file("mine.yaml", YAML)))
        .isEqualTo(
            new HeadSpec(
                "mine",
                List.of(
                    new HeadSpec.Member(List.of(64, 16), 0.3, 1e-3),
                    new HeadSpec.Member(List.of(), 0, 1e-2)),
                true,
                false,
                0.05,
                2,
                Augmentation.MILD,
                new HeadSpec.Sgd(0.9),
                new HeadSpec.Exponential(0.02, 50, 0.9),
                32,
                7,
                3,
                ValidationViews.PLAIN));
  }

  @Test
  void changesTheFramingIfNothingElseIsSaid() throws IOException {
    String text = YAML.replace("augmentation: mild\n", "").replace("criterion: plain\n", "");
    HeadSpec head = HeadSpec.of(file("framing.yaml", text));
    assertThat(head.augmentation()).isEqualTo(Augmentation.FRAMING);
    assertThat(head.criterion()).isEqualTo(ValidationViews.FRAMED);
    assertThat(head.withAugmentation(Augmentation.MILD).withCriterion(ValidationViews.PLAIN))
        .isEqualTo(HeadSpec.of(file("mine.yaml", YAML)));
  }

  @Test
  void readsEveryPresetBackFromJson() throws IOException {
    assertThat(HeadSpec.presetNames()).contains("original", "ensemble");
    for (String name : HeadSpec.presetNames()) {
      HeadSpec preset = HeadSpec.of(name);
      assertThat(HeadSpec.of(file(name + ".json", Json.pretty(preset)))).isEqualTo(preset);
    }
  }

  /** The head of the original project. */
  @Test
  void describesTheOriginalHead() throws IOException {
    HeadSpec original = HeadSpec.of("original");
    assertThat(original.members()).containsExactly(new HeadSpec.Member(List.of(8), 0.5, 0));
    assertThat(original.optimizer()).isEqualTo(new HeadSpec.Sgd(0.9));
    assertThat(original.learningRate()).isEqualTo(new HeadSpec.Exponential(0.01, 20, 0.96));
    assertThat(original.batchSize()).isEqualTo(64);
    assertThat(original.epochs()).isEqualTo(5);
  }

  @Test
  void namesTheFieldThatIsOutOfRange() throws IOException {
    for (String[] change :
        new String[][] {
          {"dropout: 0.3", "dropout: 1"},
          {"l2: 0.001", "l2: -1"},
          {"hiddenUnits: [64, 16]", "hiddenUnits: [64, 0]"},
          {"labelSmoothing: 0.05", "labelSmoothing: 1"},
          {"views: 2", "views: 0"},
          {"augmentation: mild", "augmentation: wild"},
          {"momentum: 0.9", "momentum: 1"},
          {"initial: 0.02", "initial: 0"},
          {"decaySteps: 50", "decaySteps: 0"},
          {"decayRate: 0.9", "decayRate: -0.9"},
          {"batchSize: 32", "batchSize: 0"},
          {"epochs: 7", "epochs: 0"},
          {"patience: 3", "patience: -1"},
          {"criterion: plain", "criterion: test"},
        }) {
      String field = change[0].substring(0, change[0].indexOf(':'));
      String path = file("bad.yaml", YAML.replace(change[0], change[1]));
      assertThatThrownBy(() -> HeadSpec.of(path))
          .as(change[1])
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(path)
          .hasMessageContaining(field);
    }
  }

  @Test
  void namesTheFieldThatIsMissingOrUnknown() throws IOException {
    for (String field : List.of("members", "views", "optimizer", "learningRate", "epochs")) {
      String path = file("bad.yaml", YAML.replaceFirst("(?m)^" + field + ":", "typo:"));
      assertThatThrownBy(() -> HeadSpec.of(path))
          .as(field)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(path);
    }
    String missing = file("missing.yaml", YAML.replaceFirst("(?m)^optimizer:.*\n", ""));
    assertThatThrownBy(() -> HeadSpec.of(missing))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("optimizer");
    assertThatThrownBy(() -> HeadSpec.of("no-such-head"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("original");
  }

  private String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }
}
