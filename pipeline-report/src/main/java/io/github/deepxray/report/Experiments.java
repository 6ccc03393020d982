package io.github.deepxray.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PooledDifference;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * Experiments side by side, each trained with several seeds.
 *
 * @param baseline the name of the experiment that the others are compared with
 * @param seeds those asked for
 * @param options those that all experiments share
 * @param experiments in the order to show them
 * @param machine where speed was measured, if it was
 */
public record Experiments(
    String baseline,
    List<Long> seeds,
    Map<String, String> options,
    List<Experiment> experiments,
    Optional<String> machine) {
  /** Copies lists and map. */
  public Experiments {
    seeds = List.copyOf(seeds);
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    experiments = List.copyOf(experiments);
  }

  /**
   * An experiment.
   *
   * @param name of it
   * @param options its own
   * @param runs those that came to their end, by seed
   * @param failures why the others did not, by seed
   * @param differences to the baseline over the seeds that both have; empty for the baseline, and
   *     where there is no such seed
   * @param speed if it was measured
   */
  public record Experiment(
      String name,
      Map<String, String> options,
      List<Run> runs,
      Map<Long, String> failures,
      Optional<Differences> differences,
      Optional<ModelSpeed> speed) {
    /** Copies list and maps. */
    public Experiment {
      options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
      runs = List.copyOf(runs);
      failures = Collections.unmodifiableMap(new TreeMap<>(failures));
    }

    /** The same with its speed. */
    public Experiment with(ModelSpeed measured) {
      return new Experiment(name, options, runs, failures, differences, Optional.of(measured));
    }

    /** A value over the seeds. */
    private SeedSummary spread(ToDoubleFunction<Run> value) {
      return SeedSummary.of(runs.stream().map(value::applyAsDouble).toList());
    }

    /** A metric on the validation split over the seeds. */
    public SeedSummary validation(Metric metric) {
      return spread(run -> run.validation.get(metric));
    }

    /** A metric on the test split over the seeds. */
    public SeedSummary test(Metric metric) {
      return spread(run -> run.test.get(metric));
    }

    /** The mean bytes of its file as it is; empty if there is none. */
    public Optional<Long> bytes() {
      return mean(run -> run.size.raw());
    }

    /** The mean bytes of its file after gzip; empty if there is none. */
    public Optional<Long> gzip() {
      return mean(run -> run.size.gzip());
    }

    private Optional<Long> mean(ToDoubleFunction<Run> bytes) {
      return runs.isEmpty() ? Optional.empty() : Optional.of(Math.round(spread(bytes).mean()));
    }
  }

  /**
   * One training.
   *
   * @param seed of everything random in it
   * @param threshold from which probability on it decides for the second of two classes, chosen on
   *     validation; empty if it decides for the most probable class
   * @param validation its metrics on the validation split
   * @param test its metrics on the test split
   * @param size of its float32 {@code .tflite} file
   */
  public record Run(
      long seed,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble threshold,
      Map<Metric, Double> validation,
      Map<Metric, Double> test,
      FileSizes size) {
    /** Copies the maps, metrics in their order. */
    public Run {
      validation = Collections.unmodifiableMap(new EnumMap<>(validation));
      test = Collections.unmodifiableMap(new EnumMap<>(test));
    }
  }

  /** How an experiment differs from the baseline. */
  public record Differences(PooledDifference validation, PooledDifference test) {}

  /** The experiment with the best mean AUC on validation, the first of equals. */
  public Optional<Experiment> bestOnValidation() {
    return experiments.stream()
        .filter(e -> !Double.isNaN(validationAuc(e)))
        .max(
            Comparator.comparingDouble(Experiments::validationAuc)
                .thenComparing(experiments::indexOf, Comparator.reverseOrder()));
  }

  private static double validationAuc(Experiment experiment) {
    return experiment.validation(Metric.AUC).mean();
  }

  /** Whether a training failed. */
  public boolean failed() {
    return experiments.stream().anyMatch(e -> !e.failures.isEmpty());
  }

  /** How to read the numbers, a sentence or two each. */
  public List<String> notes() {
    return List.of(
        ("Mean ± standard deviation over the seeds %s. Decisions are by the threshold chosen"
                + " on validation; of more than two classes for the most probable one, and"
                + " AUC, sensitivity and specificity are means over the classes.")
            .formatted(String.join(", ", seeds.stream().map(String::valueOf).toList())),
        bestOnValidation()
            .map(
                best ->
                    ("Choose by validation, not by test: who picks the best test result of"
                            + " many reports too good a one. Best on validation: %s.")
                        .formatted(best.name))
            .orElse("No experiment came to its end."),
        ("Difference: test AUC minus that of %s with the same seed, mean over the seeds; in"
                + " brackets the 95 %% interval over %s resamples of patients, the same"
                + " patients for both and for all seeds. The interval is about other patients,"
                + " ± is about other seeds; the interval is for one comparison, not for the"
                + " best of many.")
            .formatted(baseline, String.format(Locale.ROOT, "%,d", Evaluation.RESAMPLES)),
        "Size: the float32 .tflite file as it is and after gzip, mean over the seeds.");
  }

  /**
   * How fast a model is.
   *
   * @param milliseconds the median time of one image on one thread
   * @param speedup how many times as fast as what it is compared with, measured in turns with it
   */
  public record ModelSpeed(double milliseconds, double speedup) {}

  /**
   * A value measured in several trainings.
   *
   * @param mean the mean; NaN of none
   * @param deviation the standard deviation of the sample, divided by n - 1; NaN of fewer than two
   * @param least the least value
   * @param most the greatest value
   */
  public record SeedSummary(double mean, double deviation, double least, double most) {
    /** Of these values. */
    public static SeedSummary of(List<Double> values) {
      double mean = values.stream().mapToDouble(v -> v).average().orElse(Double.NaN);
      double squared = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
      return new SeedSummary(
          mean,
          values.size() < 2 ? Double.NaN : Math.sqrt(squared / (values.size() - 1)),
          values.stream().mapToDouble(v -> v).min().orElse(Double.NaN),
          values.stream().mapToDouble(v -> v).max().orElse(Double.NaN));
    }

    /** Four decimals, for example {@code 0.9653 ± 0.0020}. */
    @Override
    public String toString() {
      if (Double.isNaN(mean)) {
        return "-";
      }
      return Double.isNaN(deviation)
          ? String.format(Locale.ROOT, "%.4f", mean)
          : String.format(Locale.ROOT, "%.4f ± %.4f", mean, deviation);
    }
  }
}
