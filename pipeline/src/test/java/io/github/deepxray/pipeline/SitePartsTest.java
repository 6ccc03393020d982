package io.github.deepxray.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.ClassNames;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SitePartsTest {
  private static final ClassNames CLASSES = new ClassNames("NORMAL", "PNEUMONIA");
  private static final Path SOURCE = Path.of("site.csv");

  /** Images of patients, of whom every third has two; the second of the last is of both classes. */
  private static SplitScores images(int negatives, int positives) {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < negatives + positives; i++) {
      int label = i < negatives ? 0 : 1;
      examples.add(new ScoredExample("i" + i, "p" + i, label, 0.5));
      if (i % 3 == 0) {
        examples.add(new ScoredExample("i" + i + "b", "p" + i, label, 0.5));
      }
    }
    return new SplitScores(examples);
  }

  private static Set<String> patients(SplitScores scores, List<Integer> places) {
    Set<String> patients = new HashSet<>();
    places.forEach(place -> patients.add(scores.examples().get(place).patient()));
    return patients;
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.5, 0.7})
  void noPatientIsInBothPartsAndEachHasItsShareOfEachClass(double share) {
    SplitScores scores = images(60, 90);
    SiteParts parts = SiteParts.of(scores, share, 3);
    assertThat(parts.fitted()).doesNotContainAnyElementsOf(parts.held());
    assertThat(parts.fitted().size() + parts.held().size()).isEqualTo(scores.examples().size());
    assertThat(patients(scores, parts.fitted()))
        .doesNotContainAnyElementsOf(patients(scores, parts.held()));
    assertThat(ExternalImages.patients(scores.of(parts.fitted())))
        .containsExactly(Math.round(60 * share), Math.round(90 * share));
  }

  @Test
  void thePartsDependOnTheSeedAndNotOnTheOrder() {
    SplitScores scores = images(40, 40);
    List<ScoredExample> shuffled = new ArrayList<>(scores.examples());
    Collections.shuffle(shuffled, new Random(1));
    SplitScores other = new SplitScores(shuffled);
    Set<String> chosen = patients(scores, SiteParts.of(scores, 0.5, 0).fitted());
    assertThat(patients(other, SiteParts.of(other, 0.5, 0).fitted())).isEqualTo(chosen);
    assertThat(patients(scores, SiteParts.of(scores, 0.5, 1).fitted())).isNotEqualTo(chosen);
  }

  @Test
  void aPatientOfBothClassesIsInOnePart() {
    List<ScoredExample> examples = new ArrayList<>(images(20, 20).examples());
    for (int i = 0; i < 20; i++) {
      examples.add(new ScoredExample("later" + i, "p" + i, 1, 0.5));
    }
    SplitScores scores = new SplitScores(examples);
    SiteParts parts = SiteParts.of(scores, 0.5, 0);
    assertThat(patients(scores, parts.fitted()))
        .doesNotContainAnyElementsOf(patients(scores, parts.held()));
  }

  private static void require(int negatives, int positives, double share, double sensitivity) {
    SplitScores scores = images(negatives, positives);
    SiteParts.of(scores, share, 0).requireEnough(SOURCE, scores, CLASSES, share, sensitivity);
  }

  @Test
  void tooFewPatientsAreRefusedWithTheirNumber() {
    assertThatCode(() -> require(40, 40, 0.5, 0.93)).doesNotThrowAnyException();
    assertThatThrownBy(() -> require(40, 38, 0.5, 0.93))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageStartingWith("site.csv has 38 patients of PNEUMONIA and 40 of NORMAL")
        .hasMessageContaining("at least 40 and 40");
    // 98 of 100: with fewer than 50 positives none may be missed.
    assertThatThrownBy(() -> require(40, 60, 0.5, 0.98))
        .hasMessageContaining("at least 100 and 40");
    assertThatCode(() -> require(40, 100, 0.5, 0.98)).doesNotThrowAnyException();
    // The part that is held out is too small.
    assertThatThrownBy(() -> require(60, 60, 0.8, 0.9)).hasMessageContaining("at least 98 and 98");
    assertThatCode(() -> require(98, 98, 0.8, 0.9)).doesNotThrowAnyException();
    assertThatThrownBy(() -> require(0, 60, 0.5, 0.9)).hasMessageContaining("0 of NORMAL");
  }

  @Test
  void theFewestPatientsHaveTheStatedInterval() {
    assertThat(CalibrationBin.wilson(0.93, SiteParts.FEWEST).toString())
        .isEqualTo("0.930 (0.737-0.984)");
  }
}
