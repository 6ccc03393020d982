package io.github.deepxray.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.metrics.ClassifiedExample;
import io.github.deepxray.core.metrics.MulticlassEvaluation;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.ClassNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written about classifiers of more than two classes. */
class MulticlassReportTest {
  private static final List<ClassifiedExample> EXAMPLES =
      List.of(
          new ClassifiedExample("a, \"b\".png", "p,1", 0, List.of(0.5, 0.25, 0.25)),
          new ClassifiedExample("c.png", "p2", 1, List.of(0.0, 0.125, 0.875)),
          new ClassifiedExample("d.png", "p3", 2, List.of(0.25, 0.0, 0.75)),
          new ClassifiedExample("e.png", "p4", 1, List.of(0.0, 1.0, 0.0)));

  @TempDir Path folder;

  @Test
  void predictionsAreReadAsTheyWereWritten() throws IOException {
    Path file = folder.resolve("predictions.csv");
    new ClassPredictions(EXAMPLES).write(file);
    assertThat(file)
        .hasContent(
            """
            filename,label,slice,patient,probability_0,probability_1,probability_2
            "a, ""b"".png",0,unspecified,"p,1",0.5,0.25,0.25
            c.png,1,unspecified,p2,0.0,0.125,0.875
            d.png,2,unspecified,p3,0.25,0.0,0.75
            e.png,1,unspecified,p4,0.0,1.0,0.0
            """);
    assertThat(ClassPredictions.read(file).examples()).isEqualTo(EXAMPLES);
    assertThat(ClassPredictions.scores(file)).isEqualTo(new SplitScores.Multiclass(EXAMPLES));
    Files.writeString(file, "filename,label,slice,patient,probability\na.png,1,viral,p,0.5\n");
    assertThat(ClassPredictions.scores(file).classes()).isEqualTo(2);
    for (String line : List.of("x,3,s,p,0.5,0.25,0.25", "x,0,s,p,1.5,0,0", "x,y,s,p,1,0,0")) {
      Files.writeString(
          file,
          "filename,label,slice,patient,probability_0,probability_1,probability_2\n" + line + "\n");
      assertThatThrownBy(() -> ClassPredictions.read(file))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(file + ": x: ");
    }
  }

  @Test
  void metricsAreReadAsTheyWereWritten() throws IOException {
    MulticlassEvaluation evaluation = MulticlassEvaluation.of(EXAMPLES, 1);
    MulticlassReport report =
        new MulticlassReport(
            MulticlassReport.FORMAT,
            "weights",
            "data",
            ClassNames.parse("cat,dog,hippopotamus"),
            Map.of("validation", evaluation, "test", evaluation));
    Path file = folder.resolve("metrics.json");
    Json.write(file, report);
    assertThat(ModelMetrics.read(file)).isEqualTo(report);
    assertThatThrownBy(() -> ModelMetrics.read(file).twoClass())
        .isInstanceOf(DeepXrayException.class);
    assertThat(report.table("test").lines().toList())
        .contains(
            "                    cat      dog hippopo.",
            "  cat                 1        0        0",
            "  dog                 0        1        1",
            "  hippopotamus        0        0        1")
        .anyMatch(line -> line.startsWith("  accuracy 0.750"));
    assertThat(report.decidesBy(new MostProbable(List.of(0.5, 0.25, 0.25)))).isTrue();
    assertThat(report.decidesBy(new MostProbable(List.of(0.5, 0.5, 0.0, 0.0)))).isFalse();
  }
}
