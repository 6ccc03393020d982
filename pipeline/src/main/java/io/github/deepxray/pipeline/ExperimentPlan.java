package io.github.deepxray.pipeline;

import io.github.deepxray.core.DeepXrayException;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Experiments to compare.
 *
 * @param experiments in the order to show them, their names all different
 * @param baseline the name of the experiment that the others are compared with
 * @param seeds those of all experiments
 * @param shared the options that all experiments share, as tables say them
 * @param turns in how many turns the speed of the models is measured; 0 for not at all
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

  /** Experiments compared with the first of them, without measuring speed. */
  public static ExperimentPlan of(List<ExperimentSpec> experiments, List<Long> seeds) {
    if (experiments.isEmpty()) {
      throw new DeepXrayException("Nothing is compared; give at least one experiment.");
    }
    return new ExperimentPlan(experiments, experiments.get(0).name(), seeds, Map.of(), 0);
  }

  /** The same, measuring speed. */
  public ExperimentPlan withTurns(int number) {
    return new ExperimentPlan(experiments, baseline, seeds, shared, number);
  }
}
