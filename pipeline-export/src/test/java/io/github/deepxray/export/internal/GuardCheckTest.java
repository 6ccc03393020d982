package io.github.deepxray.export.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.InputGuard.Detection;
import io.github.deepxray.train.internal.ArtifactScorer;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GuardCheckTest {
  private static final OptionalDouble LIMIT = OptionalDouble.of(0.5);
  private static final InputGuard.Description TRAINED =
      new InputGuard.Description(
          InputGuard.FORMAT,
          "model",
          "dataset",
          3,
          Map.of("validation", 0.01, InputGuard.FRAMED, 0.02, "test", 0.03),
          Map.of("inverted", new Detection(true, 10, 0.99, 0.9)));

  /** Outputs of 1,000 images, of which some are beyond the limit. */
  private static ArtifactScorer.Scores flagging(int count) {
    return new ArtifactScorer.Scores(
        new SplitScores(List.of()),
        IntStream.range(0, 1000).mapToObj(i -> i < count ? 0.9 : 0.1).toList(),
        1);
  }

  private static List<String> objections(int flagged, List<Double> distorted) {
    return new GuardCheck(TRAINED, Map.of(Split.TEST, flagging(flagged)))
        .objections(LIMIT, distorted);
  }

  private static List<Double> distorted(int flagged) {
    return Stream.concat(
            Collections.nCopies(flagged, 0.9).stream(),
            Collections.nCopies(100 - flagged, 0.1).stream())
        .toList();
  }

  @Test
  void acceptsAGuardThatFlagsAsManyImages() {
    assertThat(objections(30, distorted(90))).isEmpty();
    assertThat(objections(49, distorted(71))).isEmpty();
    assertThat(objections(11, List.of())).isEmpty();
  }

  @Test
  void refusesAGuardThatFlagsMoreOrLess() {
    assertThat(objections(60, distorted(90)))
        .containsExactly(
            "test: the input guard flags 6.0 % of the images, that of the trained model 3.0 %");
    assertThat(objections(30, distorted(60)))
        .containsExactly(
            "the input guard flags 60 % of distorted images, that of the trained model 90 %");
  }

  @Test
  void refusesAModelThatLostItsGuard() {
    GuardCheck lost = new GuardCheck(TRAINED, Map.of());
    assertThat(lost.limit(OptionalDouble.empty())).isEmpty();
    assertThat(lost.objections(OptionalDouble.empty(), List.of()))
        .containsExactly("the input guard is missing");
    ArtifactScorer.Scores one = new ArtifactScorer.Scores(new SplitScores(List.of()), List.of(), 1);
    assertThat(new GuardCheck(TRAINED, Map.of(Split.TEST, one)).objections(LIMIT, List.of()))
        .containsExactly("the input guard is missing");
    GuardCheck none = new GuardCheck(InputGuard.NONE.description(), Map.of(Split.TEST, one));
    assertThat(none.objections(OptionalDouble.empty(), List.of())).isEmpty();
    assertThat(none.objections(LIMIT, List.of())).containsExactly("guard.json is missing");
  }

  @Test
  void choosesTheLimitOnValidationUnlessItIsRecorded() {
    GuardCheck check =
        new GuardCheck(TRAINED, Map.of(Split.VALIDATION, flagging(10), Split.TEST, flagging(30)));
    assertThat(check.limit(OptionalDouble.empty())).hasValue(0.5);
    assertThat(check.limit(OptionalDouble.of(0.7))).hasValue(0.7);
  }

  @Test
  void refusesOutputsThatAreNoShares() {
    ArtifactScorer.Scores broken =
        new ArtifactScorer.Scores(new SplitScores(List.of()), List.of(Double.NaN), 1);
    assertThat(new GuardCheck(TRAINED, Map.of(Split.TEST, broken)).objections(LIMIT, List.of()))
        .containsExactly("an output of the input guard is not between 0 and 1");
    GuardCheck validation =
        new GuardCheck(TRAINED, Map.of(Split.VALIDATION, broken, Split.TEST, flagging(30)));
    assertThat(validation.limit(OptionalDouble.empty())).isEmpty();
  }
}
