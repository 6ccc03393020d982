package io.github.deepxray.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.train.internal.Mistakes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictionsTest {
  private static final String HEADER = "filename,label,slice,patient,probability_0,probability_1";

  @TempDir Path folder;

  @Test
  void readsWhatItWrote() throws IOException {
    Predictions predictions =
        new Predictions(
            List.of(
                row("train/NORMAL/IM-0001-0001.jpeg", "IM-0001", false, 0, "normal"),
                row("a, \"b\".jpeg", "p,1", true, 1, "bacterial"),
                row("x\ny.jpeg", "p2", true, 0.1f, "viral"),
                row("z.jpeg", "p3", true, 1e-12f, "unspecified")));
    Path file = folder.resolve("predictions.csv");
    predictions.write(file);
    assertThat(file)
        .hasContent(
            HEADER
                + """

                train/NORMAL/IM-0001-0001.jpeg,0,normal,IM-0001,1.0,0.0
                "a, ""b"".jpeg",1,bacterial,"p,1",0.0,1.0
                "x
                y.jpeg",1,viral,p2,0.9,0.1
                z.jpeg,1,unspecified,p3,1.0,1.0E-12
                """);
    assertThat(Predictions.read(file)).isEqualTo(predictions);
  }

  @Test
  void namesTheLineThatIsNoPrediction() throws IOException {
    Path file = folder.resolve("predictions.csv");
    Files.writeString(file, HEADER + "\na,1,viral,p,0.5,0.5\na,yes,viral,p,0.5,0.5\n");
    assertThatThrownBy(() -> Predictions.read(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file + ": a: the label is yes");
  }

  @Test
  void wantsLabelsAndProbabilities() throws IOException {
    Path file = folder.resolve("predictions.csv");
    for (String line :
        List.of(
            "img,2,viral,p,0,0.5",
            "img,1,viral,p,0,1.5",
            "img,1,viral,p,0,NaN",
            "img,1,viral,p,0,x")) {
      Files.writeString(file, HEADER + "\n" + line + "\n");
      assertThatThrownBy(() -> Predictions.read(file))
          .as(line)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("img");
    }
  }

  @Test
  void moreClassesAreReadAsTheyWereWritten() throws IOException {
    Path file = folder.resolve("predictions.csv");
    Predictions three =
        new Predictions(
            List.of(
                new Predictions.Row(
                    new ScoredExample("a, \"b\".png", "p,1", 0, List.of(0.5, 0.25, 0.25)), "cat"),
                new Predictions.Row(
                    new ScoredExample("c.png", "p2", 1, List.of(0.0, 0.125, 0.875)), "dog")));
    three.write(file);
    assertThat(file)
        .hasContent(
            """
            filename,label,slice,patient,probability_0,probability_1,probability_2
            "a, ""b"".png",0,cat,"p,1",0.5,0.25,0.25
            c.png,1,dog,p2,0.0,0.125,0.875
            """);
    assertThat(Predictions.read(file)).isEqualTo(three);
  }

  @Test
  void mistakesAreThoseOfTheDecisionTheSurestFirst() {
    Predictions predictions =
        new Predictions(
            List.of(
                row("a", "p", false, 0.7f, "normal"),
                row("b", "p", false, 0.9f, "normal"),
                row("c", "p", false, 0.5f, "normal"),
                row("d", "p", true, 0.1f, "viral"),
                row("e", "p", true, 0.8f, "viral")));
    Mistakes mistakes = Mistakes.of(predictions, new Decision.Threshold(0.6));
    assertThat(mistakes.classes().get(0).rows())
        .extracting(row -> row.example().id())
        .containsExactly("b", "a");
    assertThat(mistakes.classes().get(1).rows())
        .extracting(row -> row.example().id())
        .containsExactly("d");
    assertThat(mistakes.shown()).isEqualTo(mistakes);
  }

  private static Predictions.Row row(
      String id, String patient, boolean positive, float probability, String slice) {
    return new Predictions.Row(
        new ScoredExample(id, patient, positive ? 1 : 0, probability), slice);
  }
}
