package io.github.deepxray.optimize.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.prune.PruningSchedule.ConstantSparsity;
import io.github.deepxray.optimize.prune.PruningSchedule.PolynomialDecay;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected numbers are worked out by hand from tfmot's documentation. */
class PruningScheduleTest {

  @Test
  void updatesFromBeginToEndInclusive() {
    assertThat(updates(new ConstantSparsity(0.5, 10, 30, 10))).containsExactly(10L, 20L, 30L);
    assertThat(updates(new ConstantSparsity(0.5, 7, 29, 10))).containsExactly(7L, 17L, 27L);
    assertThat(updates(new ConstantSparsity(0.5, 0, 0, 100))).containsExactly(0L);
    assertThat(updates(new PolynomialDecay(0, 0.5, 0, 3, 3, 1))).containsExactly(0L, 1L, 2L, 3L);
  }

  @ParameterizedTest
  @CsvSource({"-1", "-7"})
  void aNegativeEndMeansNone(long end) {
    ConstantSparsity schedule = new ConstantSparsity(0.5, 10, end, 100);
    assertThat(updates(schedule)).containsExactly(10L, 110L, 210L);
    assertThat(schedule.updates(10 + 100 * 1_000_000L)).isTrue();
  }

  @Test
  void hasTheDefaultsOfTfmot() {
    ConstantSparsity constant = new ConstantSparsity(0.5, 3);
    assertThat(constant.endStep()).isEqualTo(-1);
    assertThat(constant.frequency()).isEqualTo(100);
    PolynomialDecay polynomial = new PolynomialDecay(0.1, 0.5, 0, 1000, 3, 100);
    assertThat(polynomial.power()).isEqualTo(3);
    assertThat(polynomial.frequency()).isEqualTo(100);
  }

  @Test
  void constantSparsityIsTheSameAtEveryStep() {
    ConstantSparsity schedule = new ConstantSparsity(0.3, 10, 20, 5);
    for (long step = 0; step < 40; step++) {
      assertThat(schedule.sparsity(step)).isEqualTo(0.3);
    }
    assertThat(schedule.targetSparsity()).isEqualTo(0.3);
  }

  @ParameterizedTest
  @CsvSource({
    // initial, final, begin, end, power, step, sparsity
    "0.2, 0.8, 2000, 3000, 3, 2000, 0.2",
    "0.2, 0.8, 2000, 3000, 3, 2500, 0.725",
    "0.2, 0.8, 2000, 3000, 3, 2900, 0.7994",
    "0.2, 0.8, 2000, 3000, 3, 3000, 0.8",
    "0.2, 0.8, 2000, 3000, 3, 9000, 0.8",
    "0.2, 0.8, 2000, 3000, 3, 0, 0.2",
    "0.0, 0.5, 0, 4, 1, 1, 0.125",
    "0.0, 0.5, 0, 4, 1, 3, 0.375",
    "0.0, 0.8, 10, 20, 2, 15, 0.6",
    "0.5, 0.9, 0, 10, 3, 5, 0.85",
    // tfmot lets the sparsity fall, too.
    "0.9, 0.5, 0, 10, 1, 5, 0.7",
  })
  void polynomialDecayFollowsItsFormula(
      double initial, double last, long begin, long end, double power, long step, double sparsity) {
    PolynomialDecay schedule = new PolynomialDecay(initial, last, begin, end, power, 1);
    assertThat(schedule.sparsity(step)).isEqualTo(sparsity, offset(1e-12));
    assertThat(schedule.targetSparsity()).isEqualTo(last);
  }

  @Test
  void polynomialDecayRisesFastFirst() {
    PolynomialDecay schedule = new PolynomialDecay(0, 0.8, 0, 100, 3, 10);
    double before = 0;
    double rise = 1;
    for (long step = 10; step <= 100; step += 10) {
      double sparsity = schedule.sparsity(step);
      assertThat(sparsity - before).isPositive().isLessThan(rise);
      rise = sparsity - before;
      before = sparsity;
    }
  }

  @Test
  void knowsWhenTheFinalSparsityIsMissed() {
    PolynomialDecay fits = new PolynomialDecay(0, 0.8, 50, 250, 3, 100);
    PolynomialDecay misses = new PolynomialDecay(0, 0.8, 50, 299, 3, 100);
    assertThat(fits.sparsity(250)).isEqualTo(0.8);
    assertThat(misses.sparsity(250)).isLessThan(0.8);
    assertThat(updates(misses)).containsExactly(50L, 150L, 250L);
  }

  @Test
  void refusesWhatTfmotRefuses() {
    assertThatThrownBy(() -> new ConstantSparsity(1, 0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("targetSparsity");
    assertThatThrownBy(() -> new ConstantSparsity(-0.1, 0)).isInstanceOf(DeepXrayException.class);
    assertThatThrownBy(() -> new ConstantSparsity(0.5, -1)).hasMessageContaining("beginStep");
    assertThatThrownBy(() -> new ConstantSparsity(0.5, 10, 9, 1)).hasMessageContaining("endStep");
    assertThatThrownBy(() -> new ConstantSparsity(0.5, 10, -1, 0))
        .hasMessageContaining("frequency");
    assertThatThrownBy(() -> new PolynomialDecay(0, Double.NaN, 0, 10, 3, 100))
        .hasMessageContaining("finalSparsity");
    assertThatThrownBy(() -> new PolynomialDecay(0, 0.5, 10, 10, 3, 100))
        .hasMessageContaining("endStep");
    assertThatThrownBy(() -> new PolynomialDecay(0, 0.5, 0, -1, 3, 100))
        .hasMessageContaining("endStep");
  }

  private static List<Long> updates(PruningSchedule schedule) {
    return LongStream.range(0, 300).filter(schedule::updates).boxed().toList();
  }
}
