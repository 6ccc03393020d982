package io.github.deepxray.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogitMapTest {
  /** Squares the odds and multiplies them by 3. */
  private static final LogitMap MAP = new LogitMap(2, Math.log(3));

  @Test
  void mapsTheOdds() {
    assertThat(MAP.apply(0.5)).isCloseTo(0.75, within(1e-15));
    assertThat(MAP.apply(0.25)).isCloseTo(0.25, within(1e-15));
    assertThat(MAP.apply(new Decision.Threshold(0.5)).threshold().orElseThrow())
        .isCloseTo(0.75, within(1e-15));
    assertThat(MAP.apply(Decision.MOST_PROBABLE)).isEqualTo(Decision.MOST_PROBABLE);
  }

  @Test
  void keepsTheOrderToTheEnds() {
    assertThat(MAP.apply(0)).isZero();
    assertThat(MAP.apply(1)).isEqualTo(1);
    double last = 0;
    for (double p : new double[] {1e-30, 1e-12, 1e-9, 1e-7, 0.1, 0.9, 1 - 1e-5, 1}) {
      assertThat(MAP.apply(p)).isGreaterThan(last);
      last = MAP.apply(p);
    }
  }

  @Test
  void theIdentityChangesNoBit() {
    for (double p = 0; p <= 1; p += 0.001) {
      assertThat(LogitMap.IDENTITY.apply(p)).isEqualTo(p);
    }
    SplitScores three =
        new SplitScores(List.of(new ScoredExample("a", "p", 2, List.of(0.2, 0.3, 0.5))));
    assertThat(LogitMap.IDENTITY.apply(three)).isEqualTo(three);
  }

  @Test
  void mapsFollowEachOtherAndAreUndone() {
    LogitMap other = new LogitMap(0.5, -1);
    for (double p : new double[] {0.001, 0.2, 0.5, 0.97}) {
      assertThat(MAP.then(other).apply(p)).isCloseTo(other.apply(MAP.apply(p)), within(1e-14));
      assertThat(MAP.inverse().apply(MAP.apply(p))).isCloseTo(p, within(1e-14));
    }
  }

  /** Bayes' theorem: of 100 images 75 and of 100 images 50 of the second class. */
  @Test
  void aPrevalenceMultipliesTheOdds() {
    LogitMap map = LogitMap.ofPrevalence(0.75, 0.5);
    assertThat(map.slope()).isEqualTo(1);
    assertThat(map.apply(0.75)).isCloseTo(0.5, within(1e-15));
    assertThat(map.apply(0.5)).isCloseTo(0.25, within(1e-15));
  }

  @Test
  void mapsTheScoresOfImages() {
    SplitScores scores = new SplitScores(List.of(new ScoredExample("a", "p", 1, 0.5)));
    assertThat(MAP.apply(scores).examples().get(0).score(1)).isCloseTo(0.75, within(1e-15));
    assertThat(MAP.apply(scores).images()).isEqualTo(scores.images());
  }

  @Test
  void whatDoesNotIncreaseIsRefused() {
    for (double slope : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException().isThrownBy(() -> new LogitMap(slope, 0));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new LogitMap(1, Double.NaN));
  }
}
