package io.github.deepxray.export.internal;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ValidationDistribution;
import io.github.deepxray.classify.ValidationDistribution.Scores;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ReferenceBins;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.InputStatistics;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.internal.ArtifactScorer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** Writer of {@value ValidationDistribution#FILE}, filled with the scores of each artifact. */
final class MonitoringFile {
  private final List<Scores> artifacts = new ArrayList<>();
  private int patients;

  /**
   * Adds an artifact.
   *
   * @param scores its scores of the images, at least one
   */
  void add(Artifact artifact, Decision decision, AdaptedBundle.Scores scores) {
    add(artifact, decision, scores.scores(), scores.unfamiliar());
  }

  /**
   * Adds an artifact that the gate ran, also on the validation images.
   *
   * @param checked its outputs
   */
  void add(Artifact artifact, Decision decision, ArtifactChecker.Checked checked) {
    ArtifactScorer.Scores validation = checked.scores().get(Split.VALIDATION);
    OptionalDouble limit = checked.unfamiliarityLimit();
    add(
        artifact,
        decision,
        validation.scores(),
        limit.isPresent()
            ? OptionalDouble.of(
                GuardCheck.beyond(validation.unfamiliarities(), limit.getAsDouble()))
            : limit);
  }

  private void add(
      Artifact artifact, Decision decision, SplitScores scores, OptionalDouble unfamiliar) {
    List<Integer> labels =
        scores.examples().stream().map(e -> decision.decide(e.scores())).toList();
    List<Double> probabilities = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      ScoredExample example = scores.examples().get(i);
      probabilities.add(example.score(scores.classes() == 2 ? 1 : labels.get(i)));
    }
    artifacts.add(
        new Scores(
            artifact.key(),
            ReferenceBins.of(probabilities),
            ReferenceBins.ofLabels(labels, scores.classes()),
            unfamiliar));
    patients = scores.patients();
  }

  /**
   * Writes the file into a bundle, unless there are no statistics, as in data sets of earlier
   * builds.
   *
   * @param inputs the statistics of the images
   */
  void write(Collection<InputStatistics> inputs, Path folder) throws IOException {
    if (!inputs.isEmpty() && !artifacts.isEmpty()) {
      Json.write(
          folder.resolve(ValidationDistribution.FILE),
          new ValidationDistribution(
              ValidationDistribution.FORMAT,
              patients,
              bins(inputs, InputStatistics::brightness),
              bins(inputs, InputStatistics::contrast),
              bins(inputs, InputStatistics::height),
              bins(inputs, InputStatistics::width),
              artifacts));
    }
  }

  private static ReferenceBins bins(
      Collection<InputStatistics> inputs, ToDoubleFunction<InputStatistics> value) {
    return ReferenceBins.of(inputs.stream().map(input -> value.applyAsDouble(input)).toList());
  }
}
