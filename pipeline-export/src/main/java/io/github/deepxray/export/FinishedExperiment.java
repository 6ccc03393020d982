package io.github.deepxray.export;

import io.github.deepxray.core.io.FileSizes;
import io.github.deepxray.core.metrics.PooledDifference;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.report.Experiments;
import io.github.deepxray.train.MetricsReport;
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
 * A training of an experiment that came to its end.
 *
 * @param seed of everything random in it
 * @param metrics what was measured
 * @param examples the scores of the validation and the test split
 * @param size of its float32 {@code .tflite} file
 */
public record FinishedExperiment(
    long seed, MetricsReport metrics, Map<Split, List<ScoredExample>> examples, FileSizes size) {
  /** So that equal files give equal intervals. */
  private static final long RESAMPLING_SEED = 0;

  /** Copies the map. */
  public FinishedExperiment {
    examples = Map.copyOf(examples);
  }

  /**
   * What an evaluation left.
   *
   * @param evaluation the folder, see {@link Pipeline#evaluationFolder}
   * @throws io.github.deepxray.core.DeepXrayException if a file is damaged
   * @throws IOException if a file cannot be read
   */
  public static FinishedExperiment read(Path evaluation, long seed, FileSizes size)
      throws IOException {
    Map<Split, List<ScoredExample>> examples = new EnumMap<>(Split.class);
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      examples.put(
          split,
          Predictions.read(evaluation.resolve(Predictions.fileName(split.key()))).examples());
    }
    return new FinishedExperiment(
        seed, ModelMetrics.read(evaluation.resolve(ModelMetrics.FILE)).twoClass(), examples, size);
  }

  /** As tables and pages show it. */
  public Experiments.Run run() {
    return new Experiments.Run(
        seed,
        metrics.thresholds().sensitivity(),
        Experiments.Scores.of(metrics.validation()),
        Experiments.Scores.of(metrics.test()),
        size);
  }

  /**
   * How trainings differ from those of a baseline with the same seeds, decisions at the thresholds
   * chosen on validation.
   *
   * @return empty if they have no seed in common
   * @throws io.github.deepxray.core.DeepXrayException if two of one seed saw different images
   */
  public static Optional<Experiments.Differences> differences(
      List<FinishedExperiment> baseline, List<FinishedExperiment> candidate) {
    Function<Split, List<PooledDifference.Pair>> pairs =
        split -> {
          List<PooledDifference.Pair> found = new ArrayList<>();
          for (FinishedExperiment c : candidate) {
            for (FinishedExperiment b : baseline) {
              if (b.seed == c.seed) {
                found.add(
                    new PooledDifference.Pair(
                        b.examples.get(split),
                        b.metrics.thresholds().sensitivity(),
                        c.examples.get(split),
                        c.metrics.thresholds().sensitivity()));
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
