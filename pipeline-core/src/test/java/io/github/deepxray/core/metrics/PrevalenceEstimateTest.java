package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Prevalences that {@code tools/goldens/prevalence.py} finds with the EM algorithm. */
class PrevalenceEstimateTest {
  private static JsonNode cases() throws IOException {
    try (InputStream in = PrevalenceEstimateTest.class.getResourceAsStream("prevalence.json")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return Json.parse(text, "prevalence.json").path("cases");
    }
  }

  /** Images of as many patients; the labels have no meaning. */
  private static SplitScores scores(double... probabilities) {
    return new SplitScores(
        IntStream.range(0, probabilities.length)
            .mapToObj(i -> new ScoredExample("i" + i, "p" + i, 0, probabilities[i]))
            .toList());
  }

  @Test
  void isWhereTheEmAlgorithmEnds() throws IOException {
    int number = 0;
    for (JsonNode golden : cases()) {
      List<Double> probabilities = new ArrayList<>();
      golden.path("probabilities").forEach(p -> probabilities.add(p.doubleValue()));
      PrevalenceEstimate estimate =
          PrevalenceEstimate.of(
              scores(probabilities.stream().mapToDouble(p -> p).toArray()),
              golden.path("calibrated").doubleValue(),
              0);
      Interval interval = estimate.prevalence();
      assertThat(interval.value())
          .isCloseTo(golden.path("prevalence").doubleValue(), within(1e-9))
          .isCloseTo(golden.path("truth").doubleValue(), within(0.01));
      // Two bootstraps of 2,000 resamples with other random numbers.
      assertThat(interval.low()).isCloseTo(golden.path("low").doubleValue(), within(0.012));
      assertThat(interval.high()).isCloseTo(golden.path("high").doubleValue(), within(0.012));
      assertThat(estimate.likelihoodRatio())
          .isCloseTo(golden.path("likelihood_ratio").doubleValue(), within(1e-7));
      assertThat(PrevalenceEstimate.LIMIT)
          .isCloseTo(golden.path("limit").doubleValue(), within(1e-12));
      assertThat(estimate.differs())
          .isEqualTo(golden.path("truth").doubleValue() != golden.path("calibrated").doubleValue());
      number++;
    }
    assertThat(number).isEqualTo(4);
  }

  /** With sure probabilities the share of the images is the estimate, also 0 and 1. */
  @Test
  void ofSureProbabilitiesIsTheirShare() {
    assertThat(PrevalenceEstimate.of(scores(1, 1, 0, 0, 0), 0.7, 0).prevalence().value())
        .isCloseTo(0.4, within(1e-12));
    assertThat(PrevalenceEstimate.of(scores(0, 0, 0), 0.7, 0).prevalence())
        .isEqualTo(new Interval(0, 0, 0));
    assertThat(PrevalenceEstimate.of(scores(1, 1), 0.7, 0).prevalence())
        .isEqualTo(new Interval(1, 1, 1));
  }

  /** A patient with many images has a wider interval than as many patients. */
  @Test
  void theIntervalIsByPatient() {
    double[] probabilities =
        DoubleStream.concat(
                DoubleStream.generate(() -> 0.9).limit(40),
                DoubleStream.generate(() -> 0.1).limit(40))
            .toArray();
    SplitScores each = scores(probabilities);
    SplitScores ten =
        new SplitScores(
            IntStream.range(0, 80)
                .mapToObj(i -> new ScoredExample("i" + i, "p" + i / 10, 0, probabilities[i]))
                .toList());
    Interval narrow = PrevalenceEstimate.of(each, 0.5, 3).prevalence();
    Interval wide = PrevalenceEstimate.of(ten, 0.5, 3).prevalence();
    assertThat(wide.value()).isEqualTo(narrow.value());
    assertThat(wide.high() - wide.low()).isGreaterThan(2 * (narrow.high() - narrow.low()));
    assertThat(PrevalenceEstimate.of(ten, 0.5, 3).prevalence()).isEqualTo(wide);
  }

  @Test
  void aPrevalenceOfTheCalibrationIsBetween0And1() {
    for (double share : new double[] {0, 1, -1, Double.NaN}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> PrevalenceEstimate.of(scores(0.5), share, 0));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PrevalenceEstimate(Interval.UNKNOWN, 1));
  }
}
