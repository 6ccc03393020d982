package io.github.deepxray.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.DecisionRule.MostProbable;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.recipe.ValidationViews;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelMetricsTest {
  private static final Thresholds THRESHOLDS =
      new Thresholds(0.5, 0.6, 0.4, 0.5, 0.95, ValidationViews.PLAIN);

  private static final List<ModelMetrics.Reliance> SHORTCUTS =
      List.of(
          new ModelMetrics.Reliance("aspect ratio", 0.314, List.of(0.8, 0.9, 1.0, 1.0)),
          new ModelMetrics.Reliance("brightness", -0.046, List.of(1.0, 0.9, 0.95, 1.0)));

  @TempDir Path folder;

  /** The slice of one class has no AUC and no specificity: NaN, which JSON has no number for. */
  @Test
  void readsWhatItWrote() throws IOException {
    ModelMetrics metrics = two();
    Evaluation normal = metrics.slices(Split.TEST).get("normal");
    assertThat(normal.probabilities().of(Metric.AUC).value()).isNaN();
    Path file = folder.resolve(ModelMetrics.FILE);
    for (ModelMetrics written : List.of(metrics, three())) {
      Json.write(file, written);
      assertThat(ModelMetrics.read(file)).isEqualTo(written);
    }
    Json.write(file, metrics);
    assertThat(Json.read(file).at("/slices/test/normal/probabilities/overall/auc/value").asText())
        .isEqualTo("NaN");
    assertThat(Json.read(file).at("/splits/test/decisions/0.5/threshold").asDouble())
        .isEqualTo(0.5);
  }

  @Test
  void showsEveryMetricDecisionAndSlice() {
    String table = two().table(Split.TEST);
    assertThat(table)
        .startsWith("test split: 30 images of 15 patients (NORMAL 10, PNEUMONIA 20); 95 %")
        .doesNotContain("NaN", "\r", "macro");
    for (Metric metric : Metric.values()) {
      assertThat(table).contains(metric.title());
    }
    assertThat(table)
        .containsPattern("(?m)^  AUC +1.000 ")
        .containsPattern("(?m)^  decision +validation +prior +0.5$")
        .containsPattern("(?m)^  threshold +0.4000 +0.6000 +0.5000$")
        .containsPattern("(?m)^  viral +20 +1.000")
        .containsPattern("(?m)^  normal +10 +- +1.000");
    assertThat(table.lines()).allMatch(line -> line.length() <= 120);
    assertThat(table).doesNotContain("framed", "shortcut");
    assertThat(table.lines())
        .contains(
            "             NORMAL  PNEUMONIA", "  NORMAL     10      0", "  PNEUMONIA  0       20");
  }

  @Test
  void showsFramedViewsAndShortcutsOfTheValidationSplit() {
    String table = two().table(Split.VALIDATION);
    assertThat(table).contains("randomly framed views");
    assertThat(table.lines())
        .allMatch(line -> line.length() <= 120)
        .anyMatch(
            line -> line.matches("  aspect ratio +0[.]31 +0[.]800 +0[.]900 +1[.]000 +1[.]000"))
        .anyMatch(
            line -> line.matches("  brightness +-0[.]05 +1[.]000 +0[.]900 +0[.]950 +1[.]000"));
    assertThat(three().table(Split.VALIDATION)).contains("framed").doesNotContain("shortcut");
  }

  @Test
  void refusesADependenceOutOfRange() {
    List<Double> four = List.of(0.25, 0.5, 0.75, 1.0);
    assertThat(new ModelMetrics.Reliance("s", -1, four).accuracy()).isEqualTo(four);
    for (double correlation : new double[] {1.01, -1.01, Double.NaN}) {
      assertThatThrownBy(() -> new ModelMetrics.Reliance("s", correlation, four))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (List<Double> accuracy : List.of(four.subList(0, 3), List.of(0.0, 0.0, 0.0, 1.01))) {
      assertThatThrownBy(() -> new ModelMetrics.Reliance("s", 0, accuracy))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void showsEveryClassOfMoreThanTwo() {
    String table = three().table(Split.TEST);
    assertThat(table)
        .startsWith("test split: 4 images of 4 patients (cat 1, dog 2, hippopotamus 1)")
        .contains("macro AUC", "macro F1", "most probable");
    assertThat(table.lines())
        .contains(
            "                cat  dog  hippopotamus",
            "  cat           1    0    0",
            "  dog           0    1    1",
            "  hippopotamus  0    0    1")
        .anyMatch(line -> line.matches("  accuracy +0[.]750 .*"));
  }

  @Test
  void refusesWhatIsNotOfItsClassesAndDecisions() {
    ModelMetrics two = two();
    ModelMetrics three = three();
    assertThatThrownBy(() -> metrics(three.classes(), three.decision(), two.splits()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("of 2 classes, not 3");
    assertThatThrownBy(() -> metrics(two.classes(), three.decision(), two.splits()))
        .isInstanceOf(IllegalArgumentException.class);
    Thresholds others = new Thresholds(0.5, 0.5, 0.4, 0.5, 0.95, ValidationViews.PLAIN);
    ModelMetrics fewer = metrics(two.classes(), others, two.splits());
    assertThat(fewer.decisions()).containsExactly("validation", "0.5");
    Evaluation few = Evaluation.of(scores(), others.decisions(), 0);
    assertThatThrownBy(
            () -> metrics(two.classes(), THRESHOLDS, Map.of("validation", few, "test", few)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("prior");
  }

  private static SplitScores scores() {
    List<ScoredExample> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      boolean positive = i % 3 > 0;
      all.add(
          new ScoredExample(
              "i" + i, "p" + i / 2, positive ? 1 : 0, positive ? 0.7 + i / 1e3 : 0.1));
    }
    return new SplitScores(all);
  }

  private static ModelMetrics metrics(
      ClassNames classes, DecisionRule decision, Map<String, Evaluation> splits) {
    return new ModelMetrics(
        ModelMetrics.FORMAT,
        "a".repeat(64),
        "b".repeat(64),
        classes,
        decision,
        splits,
        Map.of(),
        splits.get("validation"),
        List.of(),
        Map.of());
  }

  private static ModelMetrics two() {
    SplitScores normal =
        new SplitScores(scores().examples().stream().filter(e -> e.label() == 0).toList());
    Evaluation whole = Evaluation.of(scores(), THRESHOLDS.decisions(), 0);
    Evaluation negatives = Evaluation.of(normal, THRESHOLDS.decisions(), 0);
    return new ModelMetrics(
        ModelMetrics.FORMAT,
        "a".repeat(64),
        "b".repeat(64),
        new ClassNames("NORMAL", "PNEUMONIA"),
        THRESHOLDS,
        Map.of("validation", whole, "test", whole),
        Map.of("test", Map.of("viral", whole, "normal", negatives)),
        whole,
        SHORTCUTS,
        Map.of());
  }

  private static ModelMetrics three() {
    SplitScores scores =
        new SplitScores(
            List.of(
                new ScoredExample("a.png", "p1", 0, List.of(0.5, 0.25, 0.25)),
                new ScoredExample("c.png", "p2", 1, List.of(0.0, 0.125, 0.875)),
                new ScoredExample("d.png", "p3", 2, List.of(0.25, 0.0, 0.75)),
                new ScoredExample("e.png", "p4", 1, List.of(0.0, 1.0, 0.0))));
    MostProbable decision = new MostProbable(List.of(0.25, 0.5, 0.25));
    Evaluation evaluation = Evaluation.of(scores, decision.decisions(), 1);
    return metrics(
        ClassNames.parse("cat,dog,hippopotamus"),
        decision,
        Map.of("validation", evaluation, "test", evaluation));
  }
}
