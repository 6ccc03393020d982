package io.github.deepxray.pipeline;

import io.github.deepxray.core.DeepXrayException;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Plan of a comparison of experiments.
 *
 * @param experiments experiments with different names, in display order
 * @param baseline name of the experiment with which the others are compared
 * @param seeds seeds with which each experiment is trained
 * @param shared options that all experiments share, as text for tables
 * @param turns number of rounds in which the speed of the models is measured; 0 for no measurement
 */
public record ExperimentPlan(
    List<ExperimentSpec> experiments,
    String baseline,
    List<Long> seeds,
    Map<String, String> shared,
    int turns) {
  /** Copies lists and map and checks names. */
  public ExperimentPlan {
    experiments = List.copyOf(experiments);
    seeds = List.copyOf(seeds);
    shared = Collections.unmodifiableMap(new LinkedHashMap<>(shared));
    HashSet<String> names = new HashSet<>();
    for (ExperimentSpec experiment : experiments) {
      if (!names.add(experiment.name())) {
        throw new DeepXrayException(
            "Two experiments are called " + experiment.name() + "; rename one.");
      }
    }
    if (!names.contains(baseline)) {
      throw new DeepXrayException("There is no experiment " + baseline + " to compare with.");
    }
  }

  /** Returns a plan with the first experiment as baseline, without a speed measurement. */
  public static ExperimentPlan of(List<ExperimentSpec> experiments, List<Long> seeds) {
    if (experiments.isEmpty()) {
      throw new DeepXrayException("There is no experiment to compare; give at least one.");
    }
    return new ExperimentPlan(experiments, experiments.get(0).name(), seeds, Map.of(), 0);
  }

  /** Returns a copy that measures speed. */
  public ExperimentPlan withTurns(int number) {
    return new ExperimentPlan(experiments, baseline, seeds, shared, number);
  }
}
