package io.github.deepxray.pipeline;

import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PooledDifference;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.Experiments;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Finished training of an experiment.
 *
 * @param seed seed of its random numbers
 * @param metrics measured metrics
 * @param scores scores of the validation and the test split
 * @param size size of its float32 {@code .tflite} file
 */
record FinishedExperiment(
    long seed, ModelMetrics metrics, Map<Split, SplitScores> scores, FileSizes size) {
  /** Fixed seed of the bootstrap: equal files have equal intervals. */
  private static final long RESAMPLING_SEED = 0;

  /** Copies the map. */
  FinishedExperiment {
    scores = Map.copyOf(scores);
  }

  /**
   * Reads the files of an evaluation.
   *
   * @param evaluation the folder, see {@link PipelineStage#EVALUATE}
   * @throws io.github.deepxray.core.DeepXrayException if a file is damaged
   * @throws IOException if a file cannot be read
   */
  static FinishedExperiment read(Path evaluation, long seed, FileSizes size) throws IOException {
    ModelMetrics metrics = ModelMetrics.read(evaluation.resolve(ModelMetrics.FILE));
    Map<Split, SplitScores> scores = new EnumMap<>(Split.class);
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      scores.put(
          split,
          Predictions.read(evaluation.resolve(Predictions.fileName(split.key())), metrics)
              .scores());
    }
    return new FinishedExperiment(seed, metrics, scores, size);
  }

  /** Returns the values that tables and pages show. */
  Experiments.Run run() {
    return new Experiments.Run(
        seed,
        metrics.decision().decision().threshold(),
        values(metrics.of(Split.VALIDATION)),
        values(metrics.framed()),
        values(metrics.of(Split.TEST)),
        size);
  }

  private Map<Metric, Double> values(Evaluation evaluation) {
    Map<Metric, Double> values = new EnumMap<>(Metric.class);
    evaluation
        .overall(metrics.decision().name())
        .forEach((metric, interval) -> values.put(metric, interval.value()));
    return values;
  }

  /**
   * Returns the differences of trainings from those of a baseline with the same seeds; each
   * training uses its decisions.
   *
   * @return differences, empty without a common seed
   * @throws io.github.deepxray.core.DeepXrayException if two trainings with the same seed were
   *     evaluated on different images
   */
  static Optional<Experiments.Differences> differences(
      List<FinishedExperiment> baseline, List<FinishedExperiment> candidate) {
    Function<Split, List<PooledDifference.Pair>> pairs =
        split -> {
          List<PooledDifference.Pair> found = new ArrayList<>();
          for (FinishedExperiment c : candidate) {
            for (FinishedExperiment b : baseline) {
              if (b.seed == c.seed) {
                found.add(
                    new PooledDifference.Pair(
                        b.scores.get(split),
                        b.metrics.decision().decision(),
                        c.scores.get(split),
                        c.metrics.decision().decision()));
              }
            }
          }
          return found;
        };
    List<PooledDifference.Pair> test = pairs.apply(Split.TEST);
    return test.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Experiments.Differences(
                PooledDifference.of(pairs.apply(Split.VALIDATION), RESAMPLING_SEED),
                PooledDifference.of(test, RESAMPLING_SEED)));
  }
}
