package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.export.internal.Latency;
import io.github.deepxray.report.Experiments;
import io.github.deepxray.report.Experiments.Experiment;
import io.github.deepxray.report.Experiments.ModelSpeed;
import io.github.deepxray.report.internal.Provenance;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.internal.stage.StageManifest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Speed measurement of the first model of each experiment, in alternating turns with the baseline's
 * model.
 *
 * @param folder folder of an experiment, by its name
 * @param turns number of turns
 */
record ExperimentSpeeds(Function<String, Path> folder, int turns) {
  /** Inferences of a model in a turn. */
  private static final int CALLS = 3;

  /** Returns the experiments with their speed. */
  Experiments measure(Experiments all) throws IOException {
    Map<String, Path> models = new LinkedHashMap<>();
    for (Experiment experiment : all.experiments()) {
      if (!experiment.runs().isEmpty()) {
        models.put(
            experiment.name(),
            folder
                .apply(experiment.name())
                .resolve("seed-" + experiment.runs().get(0).seed())
                .resolve(Bundle.TFLITE_FLOAT32));
      }
    }
    Optional<Path> reference = Optional.ofNullable(models.get(all.baseline()));
    String machine = Provenance.thisMachine();
    List<Experiment> measured = new ArrayList<>();
    for (Experiment experiment : all.experiments()) {
      Path model = models.get(experiment.name());
      measured.add(
          model == null
              ? experiment
              : experiment.with(speed(experiment.name(), model, reference, machine)));
    }
    return new Experiments(
        all.baseline(), all.seeds(), all.options(), measured, Optional.of(machine));
  }

  /** Options of the measurement, for the fingerprint. */
  private record SpeedOptions(int turns, String machine) {}

  /**
   * Returns the speed of a model; measured once and stored, so that a second call returns the same
   * numbers.
   */
  private ModelSpeed speed(String name, Path model, Optional<Path> reference, String machine)
      throws IOException {
    Stage stage =
        Stage.of("speed", new SpeedOptions(turns, machine))
            .reading("model", Hashes.sha256(model))
            .reading("baseline", reference.isPresent() ? Hashes.sha256(reference.get()) : "");
    StageManifest manifest = new StageManifest(folder.apply(name).resolve("speed"), stage);
    Optional<ModelSpeed> before = manifest.outcome(ModelSpeed.class);
    if (before.isPresent()) {
      return before.get();
    }
    ModelFormat format = ModelFormats.named(Artifact.FLOAT32.format());
    Map<String, InferenceEngine> engines = new LinkedHashMap<>();
    try {
      if (reference.isPresent() && !reference.get().equals(model)) {
        engines.put("", format.load(reference.get(), 1));
      }
      engines.put(name, format.load(model, 1));
      List<Latency> latencies = Latency.measure(engines, turns, CALLS);
      Latency own = latencies.get(latencies.size() - 1);
      ModelSpeed speed =
          new ModelSpeed(own.milliseconds(), reference.isPresent() ? own.speedup() : Double.NaN);
      manifest.write(speed);
      return speed;
    } finally {
      engines.values().forEach(InferenceEngine::close);
    }
  }
}
