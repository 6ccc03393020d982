package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PatientShareTest {
  /** A quarter of the images; each patient has some images, which are all alike. */
  private static Interval share(int patients, int imagesOfEach) {
    List<String> of = new ArrayList<>();
    List<Boolean> having = new ArrayList<>();
    for (int p = 0; p < patients; p++) {
      for (int i = 0; i < imagesOfEach; i++) {
        of.add("p" + p);
        having.add(p % 4 == 0);
      }
    }
    return PatientShare.of(of, having, 1);
  }

  @Test
  void theIntervalIsThatOfTheBinomialDistributionOfPatients() {
    // The normal approximation: 0.25 +- 1.96 * sqrt(0.25 * 0.75 / 400).
    for (int images : new int[] {1, 5}) {
      Interval share = share(400, images);
      assertThat(share.value()).isEqualTo(0.25);
      assertThat(share.low()).isCloseTo(0.2076, within(0.006));
      assertThat(share.high()).isCloseTo(0.2924, within(0.006));
    }
    assertThat(share(400, 5)).isEqualTo(share(400, 5));
  }

  @Test
  void sharesOfZeroAndOneHaveWilsonsInterval() {
    // Wilson 1927: of 0 among n, from 0 to z^2 / (n + z^2).
    double end = 1.959964 * 1.959964 / (10 + 1.959964 * 1.959964);
    List<String> patients = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      patients.add("p" + i % 10);
    }
    Interval none = PatientShare.of(patients, patients.stream().map(p -> false).toList(), 1);
    assertThat(none.value()).isZero();
    assertThat(none.low()).isZero();
    assertThat(none.high()).isCloseTo(end, within(1e-5));
    Interval all = PatientShare.of(patients, patients.stream().map(p -> true).toList(), 1);
    assertThat(all.low()).isCloseTo(1 - end, within(1e-5));
    assertThat(all.high()).isEqualTo(1);
  }

  @Test
  void refusesListsThatDoNotFit() {
    assertThatIllegalArgumentException().isThrownBy(() -> PatientShare.of(List.of(), List.of(), 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PatientShare.of(List.of("a"), List.of(true, false), 1));
  }
}
