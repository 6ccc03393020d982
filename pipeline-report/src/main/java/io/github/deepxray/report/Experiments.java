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
 * Results of experiments, each trained with several seeds.
 *
 * @param baseline name of the experiment with which the others are compared
 * @param seeds requested seeds
 * @param options options that all experiments share
 * @param experiments experiments in display order
 * @param machine description of the machine on which speed was measured; empty without a
 *     measurement
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
   * Results of an experiment.
   *
   * @param name name of the experiment
   * @param options options of this experiment only
   * @param runs finished trainings, by seed
   * @param failures error messages of failed trainings, by seed
   * @param differences differences from the baseline over the common seeds; empty for the baseline
   *     and without a common seed
   * @param speed speed of the model, if measured
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

    /** Returns a copy with a speed. */
    public Experiment with(ModelSpeed measured) {
      return new Experiment(name, options, runs, failures, differences, Optional.of(measured));
    }

    /** Summarizes a value over the seeds. */
    private SeedSummary spread(ToDoubleFunction<Run> value) {
      return SeedSummary.of(runs.stream().map(value::applyAsDouble).toList());
    }

    /** A metric on the validation split over the seeds. */
    public SeedSummary validation(Metric metric) {
      return spread(run -> run.validation.get(metric));
    }

    /** A metric on randomly framed views of the validation images over the seeds. */
    public SeedSummary framed(Metric metric) {
      return spread(run -> run.framed.get(metric));
    }

    /** A metric on the test split over the seeds. */
    public SeedSummary test(Metric metric) {
      return spread(run -> run.test.get(metric));
    }

    /** Mean size of the uncompressed file in bytes; empty without a training. */
    public Optional<Long> bytes() {
      return mean(run -> run.size.raw());
    }

    /** Mean size of the gzip-compressed file in bytes; empty without a training. */
    public Optional<Long> gzip() {
      return mean(run -> run.size.gzip());
    }

    private Optional<Long> mean(ToDoubleFunction<Run> bytes) {
      return runs.isEmpty() ? Optional.empty() : Optional.of(Math.round(spread(bytes).mean()));
    }
  }

  /**
   * Results of one training.
   *
   * @param seed seed of the training
   * @param threshold decision threshold of a binary classifier, chosen on the validation split;
   *     empty for more classes
   * @param validation metrics on the validation split
   * @param framed metrics on randomly framed views of the validation images
   * @param test metrics on the test split
   * @param size size of its float32 {@code .tflite} file
   */
  public record Run(
      long seed,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble threshold,
      Map<Metric, Double> validation,
      Map<Metric, Double> framed,
      Map<Metric, Double> test,
      FileSizes size) {
    /** Copies the maps, with metrics in enum order. */
    public Run {
      validation = Collections.unmodifiableMap(new EnumMap<>(validation));
      framed = Collections.unmodifiableMap(new EnumMap<>(framed));
      test = Collections.unmodifiableMap(new EnumMap<>(test));
    }
  }

  /** Differences of an experiment from the baseline. */
  public record Differences(PooledDifference validation, PooledDifference test) {}

  /**
   * Returns the experiment with the best mean AUC on randomly framed views of the validation
   * images, the first of equals.
   */
  public Optional<Experiment> bestOnValidation() {
    return experiments.stream()
        .filter(e -> !Double.isNaN(framedAuc(e)))
        .max(
            Comparator.comparingDouble(Experiments::framedAuc)
                .thenComparing(experiments::indexOf, Comparator.reverseOrder()));
  }

  private static double framedAuc(Experiment experiment) {
    return experiment.framed(Metric.AUC).mean();
  }

  /** Whether a training failed. */
  public boolean failed() {
    return experiments.stream().anyMatch(e -> !e.failures.isEmpty());
  }

  /** Returns notes on the meaning of the numbers, one or two sentences each. */
  public List<String> notes() {
    return List.of(
        ("Mean ± standard deviation over the seeds %s. Decisions use the threshold "
                + "chosen on validation, or the most probable of more than two classes; AUC, "
                + "sensitivity and specificity are then means over the classes.")
            .formatted(String.join(", ", seeds.stream().map(String::valueOf).toList())),
        bestOnValidation()
            .map(
                best ->
                    ("Choose by validation, not by test: the best test result of many is biased "
                            + "upwards. Best AUC on randomly framed validation images: %s.")
                        .formatted(best.name))
            .orElse("No experiment is finished."),
        ("Difference: test AUC minus that of %s with the same seed, mean over the "
                + "seeds; in brackets the paired 95 %% interval over %s bootstrap resamples of "
                + "patients, the same for both and for all seeds. The interval covers other "
                + "patients, ± covers other seeds; the interval is for one comparison, not for "
                + "the best of many.")
            .formatted(baseline, String.format(Locale.ROOT, "%,d", Evaluation.RESAMPLES)),
        "Size: the float32 .tflite file, uncompressed and after gzip, mean over the seeds.");
  }

  /**
   * Speed of a model.
   *
   * @param milliseconds median latency of one image on one thread
   * @param speedup latency of the reference model divided by this model's, measured in alternating
   *     turns
   */
  public record ModelSpeed(double milliseconds, double speedup) {}

  /**
   * Summary of a value over several trainings.
   *
   * @param mean the mean; NaN without values
   * @param deviation sample standard deviation, divided by n - 1; NaN for fewer than two values
   * @param least minimum
   * @param most maximum
   */
  public record SeedSummary(double mean, double deviation, double least, double most) {
    /** Summarizes values. */
    public static SeedSummary of(List<Double> values) {
      double mean = values.stream().mapToDouble(v -> v).average().orElse(Double.NaN);
      double squared = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
      return new SeedSummary(
          mean,
          values.size() < 2 ? Double.NaN : Math.sqrt(squared / (values.size() - 1)),
          values.stream().mapToDouble(v -> v).min().orElse(Double.NaN),
          values.stream().mapToDouble(v -> v).max().orElse(Double.NaN));
    }

    /**
     * Returns mean and standard deviation with four decimals, for example {@code 0.9653 ± 0.0020}.
     */
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
