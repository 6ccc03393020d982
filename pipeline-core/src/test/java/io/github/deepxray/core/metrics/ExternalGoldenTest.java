package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Drift.Extent;
import io.github.deepxray.core.metrics.UnpairedDifference.Decided;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The numbers of an external validation; {@code tools/goldens/external.py} wrote the expected. */
class ExternalGoldenTest {
  private static final Offset<Double> EXACT = within(1e-9);
  private static JsonNode golden;

  @BeforeAll
  static void read() throws IOException {
    try (InputStream in = ExternalGoldenTest.class.getResourceAsStream("external.json")) {
      golden = Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), "external.json");
    }
  }

  private static Decided decided(String set) {
    List<ScoredExample> examples = new ArrayList<>();
    JsonNode rows = golden.path(set).path("rows");
    for (int i = 0; i < rows.size(); i++) {
      JsonNode row = rows.get(i);
      examples.add(
          new ScoredExample(
              set + i,
              row.path("patient").asText(),
              row.path("label").intValue(),
              row.path("score").doubleValue()));
    }
    return new Decided(
        new SplitScores(examples),
        new Decision.Threshold(golden.path(set).path("threshold").doubleValue()));
  }

  private static double expected(String set, Metric metric) {
    return golden.path(set + "_metrics").path(metric.id()).doubleValue();
  }

  @Test
  void metricsAreThoseOfScikitLearn() {
    for (String set : List.of("reference", "external")) {
      Decided decided = decided(set);
      Evaluation evaluation =
          Evaluation.of(decided.scores(), Map.of("bundle", decided.decision()), 0);
      golden
          .path(set + "_metrics")
          .fieldNames()
          .forEachRemaining(
              id -> {
                Metric metric =
                    List.of(Metric.values()).stream()
                        .filter(m -> m.id().equals(id))
                        .findFirst()
                        .orElseThrow();
                assertThat(evaluation.of(metric, "bundle").value())
                    .as(set + " " + id)
                    .isCloseTo(expected(set, metric), EXACT);
              });
    }
  }

  @Test
  void differencesHaveTheIntervalsOfAnotherBootstrap() {
    UnpairedDifference difference =
        UnpairedDifference.of(decided("reference"), decided("external"), 3);
    for (Metric metric : Metric.HEADLINES) {
      Interval of = difference.of(metric);
      JsonNode ends = golden.path("differences").path(metric.id());
      assertThat(of.value())
          .isCloseTo(expected("external", metric) - expected("reference", metric), EXACT);
      // Both are random: a quantile of 2,000 differs by about a twentieth of the interval.
      Offset<Double> close = within(0.1 * (ends.get(1).doubleValue() - ends.get(0).doubleValue()));
      assertThat(of.low()).as(metric.id()).isCloseTo(ends.get(0).doubleValue(), close);
      assertThat(of.high()).as(metric.id()).isCloseTo(ends.get(1).doubleValue(), close);
    }
  }

  @Test
  void differencesDoNotDependOnTheOrderAndEqualSetsStillVary() {
    Decided reference = decided("reference");
    List<ScoredExample> shuffled = new ArrayList<>(reference.scores().examples());
    Collections.reverse(shuffled);
    Decided same = new Decided(new SplitScores(shuffled), reference.decision());
    UnpairedDifference none = UnpairedDifference.of(reference, same, 5);
    assertThat(none).isEqualTo(UnpairedDifference.of(same, reference, 5));
    assertThat(none.of(Metric.AUC).value()).isZero();
    assertThat(none.of(Metric.AUC).low()).isNegative();
    assertThat(none.of(Metric.AUC).high()).isPositive();
  }

  private static Drift.Sample sample(JsonNode values) {
    List<Double> all = new ArrayList<>();
    values.forEach(value -> all.add(value.doubleValue()));
    return new Drift.Sample(all, all.size());
  }

  private static Drift.Sample sample(double... values) {
    return new Drift.Sample(IntStream.range(0, values.length).mapToObj(i -> values[i]).toList(), 1);
  }

  @Test
  void theKolmogorovSmirnovStatisticIsThatOfSciPy() {
    assertThat(golden.path("kolmogorov_smirnov")).hasSize(4);
    for (JsonNode one : golden.path("kolmogorov_smirnov")) {
      Drift.Sample a = sample(one.path("a"));
      Drift.Sample b = sample(one.path("b"));
      double statistic = one.path("statistic").doubleValue();
      assertThat(Drift.of(a, b).kolmogorovSmirnov()).isCloseTo(statistic, EXACT);
      assertThat(Drift.of(b, a).kolmogorovSmirnov()).isCloseTo(statistic, EXACT);
    }
    double inverse = 1.0 / 240 + 1.0 / 150;
    JsonNode first = golden.path("kolmogorov_smirnov").get(0);
    Drift drift = Drift.of(sample(first.path("a")), sample(first.path("b")));
    assertThat(drift.kolmogorovSmirnovLimit())
        .isCloseTo(golden.path("ks_quantile").doubleValue() * Math.sqrt(inverse), EXACT);
    assertThat(drift.stabilityIndexLimit())
        .isCloseTo(golden.path("chi_square").doubleValue() * inverse, within(1e-3));
  }

  /** Ten reference values, one in each bin; the sample has 1, 1, 2, 0, 0, 0, 0, 0, 2, 4. */
  @Test
  void theStabilityIndexIsThatComputedByHand() {
    Drift drift =
        Drift.of(
            sample(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), sample(0, 2, 2.5, 3, 8.1, 9, 9.5, 10, 11, 12));
    // Shares with half an image in each bin: 1.5/15 before; 0.5, 1.5, 2.5 and 4.5 of 15 after.
    double expected =
        2 * (2.5 - 1.5) / 15 * Math.log(2.5 / 1.5)
            + 5 * (0.5 - 1.5) / 15 * Math.log(0.5 / 1.5)
            + (4.5 - 1.5) / 15 * Math.log(4.5 / 1.5);
    assertThat(drift.stabilityIndex()).isCloseTo(expected, EXACT);
    assertThat(expected).isCloseTo(0.6540, within(1e-4));
  }

  private static Drift.Sample many(double value) {
    return new Drift.Sample(Collections.nCopies(20, value), 20);
  }

  @Test
  void wordsFollowFromLimitsAndConventions() {
    assertThat(new Drift(0.3, 0.4, 0.6, 0.7).extent()).isEqualTo(Extent.CHANCE);
    assertThat(new Drift(0.1, 0.05, 0.05, 0.7).extent()).isEqualTo(Extent.SMALL);
    assertThat(new Drift(0.125, 0.05, 0, 0).extent()).isEqualTo(Extent.MODERATE);
    assertThat(new Drift(0.3, 0.4, 0.1, 0.05).extent()).isEqualTo(Extent.MODERATE);
    assertThat(new Drift(0.3, 0.4, 0.25, 0.2).extent()).isEqualTo(Extent.LARGE);
    // Another constant: no bin of the stability index tells them apart.
    assertThat(Drift.of(many(1), many(2)).kolmogorovSmirnov()).isEqualTo(1);
    assertThat(Drift.of(many(1), many(2)).stabilityIndex()).isZero();
    assertThat(Drift.of(many(1), many(2)).extent()).isEqualTo(Extent.LARGE);
    Drift constant = Drift.of(sample(1, 1, 1), sample(1, 1));
    assertThat(constant.kolmogorovSmirnov()).isZero();
    assertThat(constant.stabilityIndex()).isZero();
    assertThat(constant.extent()).isEqualTo(Extent.CHANCE);
    assertThatIllegalArgumentException().isThrownBy(ExternalGoldenTest::sample);
    assertThatIllegalArgumentException().isThrownBy(() -> sample(Double.NaN));
  }

  @Test
  void numbersOfPatientsAreThoseOfTheLiterature() {
    for (JsonNode one : golden.path("shares")) {
      long patients = one.get(2).longValue();
      double share = one.get(0).doubleValue();
      double width = one.get(1).doubleValue();
      assertThat(SampleSize.ofSensitivity(share, width)).isEqualTo(new SampleSize(patients, 0));
      assertThat(SampleSize.ofSpecificity(share, width)).isEqualTo(new SampleSize(0, patients));
    }
    for (JsonNode one : golden.path("aucs")) {
      assertThat(
              SampleSize.ofAuc(
                  one.get(0).doubleValue(), one.get(1).doubleValue(), one.get(2).doubleValue()))
          .isEqualTo(new SampleSize(one.get(3).longValue(), one.get(4).longValue()));
    }
    JsonNode error = golden.path("standard_error");
    assertThat(
            SampleSize.standardError(
                error.get(0).doubleValue(), error.get(1).longValue(), error.get(2).longValue()))
        .isCloseTo(error.get(3).doubleValue(), EXACT);
    SampleSize both = new SampleSize(300, 0).and(new SampleSize(60, 650));
    assertThat(both).isEqualTo(new SampleSize(300, 650));
    assertThat(both.consecutive(0.3)).isEqualTo(1000);
    assertThat(both.consecutive(0.5)).isEqualTo(1300);
  }

  @Test
  void impossiblePlansAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> SampleSize.ofSensitivity(1.1, 0.1));
    assertThatIllegalArgumentException().isThrownBy(() -> SampleSize.ofSpecificity(0.9, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> SampleSize.ofAuc(1, 0.1, 0.5));
    assertThatIllegalArgumentException().isThrownBy(() -> SampleSize.ofAuc(0.9, 0.1, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SampleSize(1, 1).consecutive(Double.NaN));
  }
}
