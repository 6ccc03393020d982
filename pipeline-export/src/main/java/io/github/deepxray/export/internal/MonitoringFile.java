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
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Writer of {@value ValidationDistribution#FILE}, filled while the gate runs the artifacts. */
final class MonitoringFile {
  private final List<Scores> artifacts = new ArrayList<>();
  private int patients;

  /**
   * Adds an artifact.
   *
   * @param validation its scores of the validation images, at least one
   */
  void add(Artifact artifact, Decision decision, SplitScores validation) {
    List<Integer> labels =
        validation.examples().stream().map(e -> decision.decide(e.scores())).toList();
    List<Double> probabilities = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      ScoredExample example = validation.examples().get(i);
      probabilities.add(example.score(validation.classes() == 2 ? 1 : labels.get(i)));
    }
    artifacts.add(
        new Scores(
            artifact.key(),
            ReferenceBins.of(probabilities),
            ReferenceBins.ofLabels(labels, validation.classes())));
    patients = validation.patients();
  }

  /** Writes the file into a bundle, unless the data set is of an earlier build. */
  void write(PreparedDataset dataset, Path folder) throws IOException {
    Collection<InputStatistics> inputs =
        InputStatistics.read(dataset.folder(), Split.VALIDATION).values();
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
