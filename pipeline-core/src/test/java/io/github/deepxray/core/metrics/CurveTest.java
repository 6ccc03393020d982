package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class CurveTest {
  private static final Offset<Double> EXACT = within(1e-12);

  // The expected values are those of scikit-learn 1.7 on the same labels and probabilities.
  private static final int[] LABELS = {0, 0, 1, 1, 0, 1, 1, 0, 1, 1};
  private static final double[] PROBABILITIES = {.1, .4, .35, .8, .4, .4, .9, .65, .65, .99};

  private static SplitScores examples() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < LABELS.length; i++) {
      examples.add(new ScoredExample("i" + i, "p" + i, LABELS[i], PROBABILITIES[i]));
    }
    return new SplitScores(examples);
  }

  /** Several images a patient, the classes overlapping. */
  private static SplitScores many() {
    SplittableRandom random = new SplittableRandom(3);
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      boolean positive = i % 3 == 0;
      double probability = Math.min(1, random.nextDouble() * 0.7 + (positive ? 0.3 : 0));
      examples.add(new ScoredExample("i" + i, "p" + i / 2, positive ? 1 : 0, probability));
    }
    return new SplitScores(examples);
  }

  private static double[] xs(Curve curve) {
    return curve.points().stream().mapToDouble(Curve.Point::x).toArray();
  }

  private static double[] ys(Curve curve) {
    return curve.points().stream().mapToDouble(Curve.Point::y).toArray();
  }

  @Test
  void agreesWithScikitLearn() {
    Curve roc = Curve.roc(examples(), 1, 1);
    assertThat(xs(roc)).containsExactly(new double[] {0, 0, 0, 0, .25, .75, .75, 1}, EXACT);
    assertThat(ys(roc))
        .containsExactly(new double[] {0, 1 / 6.0, 2 / 6.0, .5, 4 / 6.0, 5 / 6.0, 1, 1}, EXACT);
    assertThat(roc.points().stream().map(Curve.Point::threshold))
        .containsExactly(Double.POSITIVE_INFINITY, .99, .9, .8, .65, .4, .35, .1);
    assertThat(roc.area().value()).isCloseTo(0.7708333333333333, EXACT);

    Curve pr = Curve.precisionRecall(examples(), 1, 1);
    assertThat(xs(pr))
        .containsExactly(new double[] {1 / 6.0, 2 / 6.0, .5, 4 / 6.0, 5 / 6.0, 1, 1}, EXACT);
    assertThat(ys(pr)).containsExactly(new double[] {1, 1, 1, .8, .625, 2 / 3.0, .6}, EXACT);
    assertThat(pr.area().value()).isCloseTo(0.848611111111111, EXACT);
  }

  @Test
  void theBandHoldsTheCurve() {
    Curve roc = Curve.roc(examples(), 1, 1);
    assertThat(roc.band()).hasSize(101);
    assertThat(roc.band().get(0).y().value()).isCloseTo(.5, EXACT);
    // Halfway from (0, 1/2) to (0.25, 2/3), and on the vertical part the upper end.
    assertThat(roc.band().get(12).y().value()).isCloseTo(.5 + .12 / .25 / 6, EXACT);
    assertThat(roc.band().get(75).y().value()).isCloseTo(1, EXACT);
    Curve pr = Curve.precisionRecall(examples(), 1, 1);
    assertThat(pr.band().get(50).y().value()).isCloseTo(1, EXACT);
    assertThat(pr.band().get(51).y().value()).isCloseTo(.8, EXACT);
    assertThat(pr.band().get(100).y().value()).isCloseTo(2 / 3.0, EXACT);

    for (Curve curve : List.of(Curve.roc(many(), 1, 1), Curve.precisionRecall(many(), 1, 1))) {
      for (Curve.Band band : curve.band()) {
        assertThat(band.y().value()).isBetween(band.y().low() - 1e-12, band.y().high() + 1e-12);
      }
      Interval middle = curve.band().get(50).y();
      assertThat(middle.high() - middle.low()).isBetween(0.02, 0.6);
      assertThat(Curve.roc(many(), 1, 1)).isEqualTo(Curve.roc(many(), 1, 1));
    }
  }

  @Test
  void theAreaAndItsIntervalAreThoseOfTheEvaluation() {
    Interval expected = Evaluation.of(many(), Map.of(), 7).probabilities().of(Metric.AUC);
    Interval area = Curve.roc(many(), 1, 7).area();
    assertThat(area.value()).isCloseTo(expected.value(), within(1e-9));
    assertThat(area.low()).isCloseTo(expected.low(), within(1e-9));
    assertThat(area.high()).isCloseTo(expected.high(), within(1e-9));
  }

  @Test
  void withoutOneOfTheClassesNothingIsClaimed() {
    SplitScores negatives =
        new SplitScores(
            examples().examples().stream().filter(example -> example.label() == 0).toList());
    for (SplitScores examples : List.of(negatives, new SplitScores(List.of()))) {
      assertThat(Curve.roc(examples, 1, 1).area().value()).isNaN();
      assertThat(Curve.precisionRecall(examples, 1, 1).area().value()).isNaN();
      assertThat(Curve.roc(examples, 1, 1).band().get(50).y().value()).isNaN();
    }
  }

  @Test
  void calibrationBinsAddUpToTheCalibrationError() {
    List<CalibrationBin> bins = CalibrationBin.of(many(), 1);
    double error = 0;
    int images = 0;
    for (CalibrationBin bin : bins) {
      assertThat(bin.meanProbability()).isBetween(bin.low(), bin.high());
      assertThat(bin.observed().value()).isBetween(bin.observed().low(), bin.observed().high());
      assertThat(bin.patients()).isBetween(1, bin.images());
      error += bin.images() * Math.abs(bin.meanProbability() - bin.observed().value());
      images += bin.images();
    }
    assertThat(images).isEqualTo(300);
    assertThat(error / images)
        .isCloseTo(
            Evaluation.of(many(), Map.of(), 7).probabilities().of(Metric.CALIBRATION_ERROR).value(),
            within(1e-9));
    assertThat(CalibrationBin.of(examples(), 1).get(0).images()).isEqualTo(1);
  }

  @Test
  void wilsonsIntervalEndsWhereTheScoreTestDoes() {
    for (double share : new double[] {0, 0.1, 0.5, 0.8, 1}) {
      Interval interval = CalibrationBin.wilson(share, 10);
      for (double end : new double[] {interval.low(), interval.high()}) {
        if (end > 1e-12 && end < 1 - 1e-12) {
          double score = Math.abs(share - end) / Math.sqrt(end * (1 - end) / 10);
          assertThat(score).isCloseTo(1.959963984540054, within(1e-9));
        }
      }
    }
    assertThat(CalibrationBin.wilson(0.8, 10).low()).isCloseTo(0.4902, within(5e-5));
    assertThat(CalibrationBin.wilson(0.8, 10).high()).isCloseTo(0.9433, within(5e-5));
    assertThat(CalibrationBin.wilson(1, 20).high()).isEqualTo(1);
  }
}
