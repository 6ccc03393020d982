package io.github.deepxray.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.ScoredExample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsReportTest {
  private static final DecisionThresholds THRESHOLDS =
      new DecisionThresholds(0.5, 0.6, 0.4, 0.5, 0.95);

  /** The slice of one class has no AUC and no sensitivity: NaN, which JSON has no number for. */
  @Test
  void readsWhatItWrote(@TempDir Path folder) throws IOException {
    MetricsReport report = report();
    assertThat(report.slices().get("test").get("normal").auc().value()).isNaN();
    Path file = folder.resolve(MetricsReport.FILE);
    Json.write(file, report);
    assertThat(ModelMetrics.read(file)).isEqualTo(report);
    assertThat(Json.read(file).at("/slices/test/normal/auc/value").asText()).isEqualTo("NaN");
  }

  @Test
  void showsEveryThresholdAndSlice() {
    String table = report().table("test");
    assertThat(table)
        .startsWith("test split: 30 images of 15 patients, 20 with pneumonia")
        .contains("AUC 1.000")
        .doesNotContain("NaN", "\r");
    for (String name : List.of("validation", "prior", "0.5", "viral", "normal")) {
      assertThat(table).containsPattern("(?m)^  " + name + " ");
    }
    assertThat(table)
        .contains("20 true positives, 0 false positives, 10 true negatives, 0 false negatives");
  }

  private static MetricsReport report() {
    List<ScoredExample> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      boolean positive = i % 3 > 0;
      all.add(new ScoredExample("i" + i, "p" + i / 2, positive, positive ? 0.7 + i / 1e3 : 0.1));
    }
    List<ScoredExample> normal = all.stream().filter(e -> !e.positive()).toList();
    Evaluation whole = Evaluation.of(all, THRESHOLDS.byName(), 0);
    Evaluation negatives = Evaluation.of(normal, THRESHOLDS.byName(), 0);
    return new MetricsReport(
        MetricsReport.FORMAT,
        "a".repeat(64),
        "b".repeat(64),
        THRESHOLDS,
        Map.of("validation", whole, "test", whole),
        Map.of("test", Map.of("viral", whole, "normal", negatives)));
  }
}
