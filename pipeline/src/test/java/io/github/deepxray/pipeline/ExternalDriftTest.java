package io.github.deepxray.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.metrics.Drift;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.ClassNames;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExternalDriftTest {
  private static final ClassNames CLASSES = new ClassNames("NORMAL", "PNEUMONIA");

  /** Images with evenly spread scores: below 0.6 without, above 0.4 with the disease. */
  private static SplitScores images(int negatives, int positives, double shift) {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < negatives; i++) {
      examples.add(new ScoredExample("n" + i, "n" + i, 0, 0.6 * i / negatives + shift));
    }
    for (int i = 0; i < positives; i++) {
      examples.add(new ScoredExample("p" + i, "p" + i, 1, 0.4 + 0.6 * i / positives - shift));
    }
    return new SplitScores(examples);
  }

  private static Drift drift(SplitScores site, double prevalence) {
    return new ExternalDrift(CLASSES, site, images(200, 600, 0)).atPrevalence(prevalence).drift();
  }

  @Test
  void anotherPrevalenceAloneIsNoDrift() {
    SplitScores site = images(450, 50, 0);
    assertThat(drift(site, 0.1).extent()).isEqualTo(Drift.Extent.CHANCE);
    assertThat(drift(site, 0.1).kolmogorovSmirnov()).isLessThan(0.02);
    assertThat(drift(site, 0.75).extent()).isEqualTo(Drift.Extent.LARGE);
  }

  @Test
  void otherImagesOfTheClassesAreADrift() {
    assertThat(drift(images(450, 50, 0.2), 0.1).extent()).isEqualTo(Drift.Extent.LARGE);
  }
}
