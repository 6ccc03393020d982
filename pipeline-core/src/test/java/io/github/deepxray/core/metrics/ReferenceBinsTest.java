package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.metrics.Drift.Extent;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ReferenceBinsTest {
  @Test
  void theIndexIsTheOneComputedByHand() {
    ReferenceBins half = new ReferenceBins(List.of(0.5), List.of(2, 2));
    StabilityIndex index = half.stabilityIndex(2, 1, 3);
    // Shares 2.5/5 and 2.5/5 against 1.5/5 and 3.5/5: -0.2 ln 0.6 + 0.2 ln 1.4.
    assertThat(index.value()).isCloseTo(0.169459572, within(1e-9));
    // The quantile of one degree of freedom times 1/2 + 1/4; the approximation is 2.5 % lower.
    assertThat(index.limit()).isCloseTo(3.841459 * 0.75, within(0.08));
    assertThat(index.extent()).isEqualTo(Extent.CHANCE);
    assertThat(half.stabilityIndex(2, 7, 7).value()).isZero();
    assertThat(new StabilityIndex(0.2, 0.19).extent()).isEqualTo(Extent.MODERATE);
    assertThat(new StabilityIndex(0.25, 0.19).extent()).isEqualTo(Extent.LARGE);
    assertThatIllegalArgumentException().isThrownBy(() -> half.stabilityIndex(2, 1, 2, 3));
    assertThatIllegalArgumentException().isThrownBy(() -> half.stabilityIndex(2, 0, 0));
  }

  @Test
  void binsAreLimitedByDeciles() {
    ReferenceBins bins =
        ReferenceBins.of(IntStream.rangeClosed(1, 100).mapToObj(i -> (double) (101 - i)).toList());
    assertThat(bins.edges()).containsExactly(10., 20., 30., 40., 50., 60., 70., 80., 90.);
    assertThat(bins.images()).isEqualTo(Collections.nCopies(10, 10));
    assertThat(List.of(bins.bin(-5), bins.bin(10), bins.bin(10.5), bins.bin(1e9)))
        .containsExactly(0, 0, 1, 9);
  }

  @Test
  void valuesOutsideAConstantReferenceHaveTheirOwnBins() {
    ReferenceBins size = ReferenceBins.of(Collections.nCopies(300, 224.0));
    assertThat(size.images()).containsExactly(0, 300, 0);
    assertThat(List.of(size.bin(223), size.bin(224), size.bin(225))).containsExactly(0, 1, 2);
    assertThat(size.stabilityIndex(300, 0, 200, 0).extent()).isEqualTo(Extent.CHANCE);
    assertThat(size.stabilityIndex(300, 0, 0, 200).extent()).isEqualTo(Extent.LARGE);
  }

  @Test
  void aClassIsABinEvenIfItIsRareOrMissing() {
    assertThat(ReferenceBins.ofLabels(List.of(0, 0, 2, 0), 3))
        .isEqualTo(new ReferenceBins(List.of(0., 1.), List.of(3, 0, 1)));
  }

  @Test
  void mappedValuesFallIntoTheSameBins() {
    ReferenceBins bins = new ReferenceBins(List.of(0.1, 0.5, 0.9), List.of(1, 2, 3, 4));
    assertThat(bins.map(p -> p * p).bin(0.3 * 0.3)).isEqualTo(bins.bin(0.3));
    assertThat(bins.map(p -> Math.min(p, 0.5)))
        .isEqualTo(new ReferenceBins(List.of(0.1, 0.5), List.of(1, 5, 4)));
  }

  @Test
  void limitsAscendAndImagesAreCounted() {
    for (List<Integer> images : List.of(List.of(1), List.of(0, 0), List.of(-1, 2))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new ReferenceBins(List.of(0.5), images));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ReferenceBins(List.of(2., 2.), List.of(1, 1, 1)));
  }

  /** Sets from one distribution exceed the limit in about 5 % of the cases. */
  @Test
  void theLimitIsRarelyExceededByChance() {
    SplittableRandom random = new SplittableRandom(1);
    int exceeded = 0;
    for (int i = 0; i < 1000; i++) {
      ReferenceBins bins =
          ReferenceBins.of(Stream.generate(random::nextDouble).limit(200).toList());
      long[] counts = new long[bins.images().size()];
      for (int j = 0; j < 150; j++) {
        counts[bins.bin(random.nextDouble())]++;
      }
      StabilityIndex index = bins.stabilityIndex(200, counts);
      exceeded += index.value() > index.limit() ? 1 : 0;
    }
    assertThat(exceeded).isBetween(20, 80);
  }
}
