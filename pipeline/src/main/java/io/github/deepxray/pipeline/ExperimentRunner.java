package io.github.deepxray.pipeline;

import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.io.FolderLock;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.pipeline.internal.FailureText;
import io.github.deepxray.report.Experiments;
import io.github.deepxray.report.Experiments.Experiment;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.internal.stage.StageManifest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Runner of experiments: trains and evaluates each experiment with each seed, in one folder per
 * training. Trainings that are finished already with the same inputs are skipped; a failed training
 * is listed in the result, and the others continue.
 */
public final class ExperimentRunner {
  private static final List<String> RESULTS =
      List.of(
          PipelineStage.EVALUATE.folder() + "/" + ModelMetrics.FILE,
          PipelineStage.EVALUATE.folder() + "/" + Predictions.fileName(Split.VALIDATION.key()),
          PipelineStage.EVALUATE.folder() + "/" + Predictions.fileName(Split.TEST.key()),
          Bundle.TFLITE_FLOAT32);

  private final Pipeline pipeline;
  private final ExperimentListener listener;
  private final Map<DatasetOptions, Path> data = new LinkedHashMap<>();
  private final Map<DatasetOptions, PreparedDataset> prepared = new HashMap<>();
  private Optional<LoadedBackbone> last = Optional.empty();

  private record LoadedBackbone(BackboneSpec spec, BackboneModel backbone) {}

  /** Options of all stages up to the evaluated classifier and its file. */
  private record Recipe(
      TrainingSpec training,
      Optional<BackbonePruningSpec> pruning,
      Optional<FineTuningSpec> fineTuning,
      boolean sparse) {}

  /** Experiment with one seed. */
  private record Training(ExperimentSpec experiment, long seed, RunSpec spec, Path folder) {
    String name() {
      return experiment.name() + ", seed " + seed;
    }
  }

  /** Finished and failed trainings of an experiment. */
  private record Outcome(
      ExperimentSpec experiment, List<FinishedExperiment> finished, Map<Long, String> failures) {}

  /**
   * Creates a runner.
   *
   * @param pipeline pipeline whose output folder holds all experiments, and whose engine, cores,
   *     cache and progress are used
   * @param listener listener that is notified of each training
   */
  public ExperimentRunner(Pipeline pipeline, ExperimentListener listener) {
    this.pipeline = pipeline;
    this.listener = listener;
  }

  /**
   * Runs experiments.
   *
   * @throws io.github.deepxray.core.DeepXrayException if an option of an experiment is impossible
   *     (checked before any work), or the data set cannot be prepared
   * @throws IOException if the data set cannot be prepared, or a result cannot be read or written
   */
  public synchronized Experiments run(ExperimentPlan plan) throws IOException {
    List<Training> trainings = new ArrayList<>();
    for (ExperimentSpec experiment : plan.experiments()) {
      experiment
          .runs()
          .forEach(
              (seed, spec) -> {
                spec.check();
                spec.source().check();
                trainings.add(
                    new Training(
                        experiment, seed, spec, folder(pipeline, experiment.name(), seed)));
              });
    }
    return FolderLock.holding(pipeline.out(), () -> run(plan, trainings));
  }

  private Experiments run(ExperimentPlan plan, List<Training> trainings) throws IOException {
    for (Training training : trainings) {
      prepare(training);
    }
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    int number = 0;
    for (Training training : trainings) {
      number++;
      pipeline
          .context()
          .progress()
          .note(training.name() + " (" + number + " of " + trainings.size() + ")");
      Outcome outcome =
          outcomes.computeIfAbsent(
              training.experiment.name(),
              name -> new Outcome(training.experiment, new ArrayList<>(), new TreeMap<>()));
      try {
        outcome.finished.add(finish(training));
      } catch (WorkInterruptedException e) {
        throw e;
      } catch (OutOfMemoryError | LinkageError | RuntimeException | IOException e) {
        // Other trainings may still succeed; release the backbone to free memory.
        last = Optional.empty();
        outcome.failures.put(training.seed, FailureText.line(e));
        listener.onFailure(training.experiment.name(), training.seed, e);
      }
    }
    last = Optional.empty();
    Experiments table = table(plan, outcomes);
    return plan.turns() == 0
        ? table
        : new ExperimentSpeeds(name -> folder(pipeline, name), plan.turns()).measure(table);
  }

  /**
   * Returns the folder of a training.
   *
   * @param pipeline pipeline whose output folder holds all experiments
   */
  public static Path folder(Pipeline pipeline, String experiment, long seed) {
    return folder(pipeline, experiment).resolve("seed-" + seed);
  }

  private static Path folder(Pipeline pipeline, String experiment) {
    return pipeline.out().resolve("experiments").resolve(experiment);
  }

  /** Prepares the data set of a training, once for all experiments that share it. */
  private void prepare(Training training) throws IOException {
    DatasetOptions wanted = training.spec.data();
    if (prepared.containsKey(wanted)) {
      return;
    }
    Path folder =
        pipeline
            .out()
            .resolve(PipelineStage.DATA.folder())
            .resolve("seed-" + wanted.seed() + "-" + wanted.imageSize() + "px");
    Path source = training.spec.source().open(pipeline.context().progress());
    data.put(wanted, folder);
    prepared.put(
        wanted,
        pipeline.withData(folder).withListener(PipelineListener.NONE).prepare(source, wanted));
  }

  /** Runs a training, unless it is finished already. */
  private FinishedExperiment finish(Training training) throws IOException {
    RunSpec spec = training.spec;
    PreparedDataset dataset = prepared.get(spec.data());
    Pipeline own = pipeline.movedTo(training.folder).withData(data.get(spec.data()));
    BackboneModel backbone = backbone(spec.backbone());
    StageManifest manifest =
        new StageManifest(training.folder, stage(training, dataset.fingerprint(), backbone));
    Optional<FileSizes> before = manifest.outcome(FileSizes.class);
    FileSizes size;
    if (before.isPresent()) {
      pipeline.context().progress().note(manifest.finishedMessage());
      size = before.get();
    } else {
      long start = System.nanoTime();
      manifest.delete();
      try (PipelineListener heard =
          listener.onTraining(training.experiment.name(), training.seed, training.folder)) {
        own.withListener(heard).learn(spec, backbone);
        heard.onFinished();
      }
      size =
          FileSizes.of(
              own.writeFloat32(ModelPurpose.of(spec.name(), dataset.manifest()), spec.bundle()));
      manifest.write(size);
      double seconds = (System.nanoTime() - start) / 1e9;
      pipeline
          .context()
          .progress()
          .note(String.format(Locale.ROOT, "%s: %.0f s", training.name(), seconds));
    }
    return FinishedExperiment.read(own.folder(PipelineStage.EVALUATE), training.seed, size);
  }

  /** Returns a training as a stage, with all inputs and options of the evaluated classifier. */
  private Stage stage(Training training, String dataset, BackboneModel backbone) {
    RunSpec spec = training.spec;
    return Stage.of(
            training.name(),
            new Recipe(spec.training(), spec.pruning(), spec.fineTuning(), spec.bundle().sparse()))
        .reading("dataset", dataset)
        .reading("backbone", backbone.model().fingerprint())
        .computedBy(pipeline.context().engines())
        .writing(RESULTS);
  }

  /**
   * Returns a backbone; the last one is cached, because experiments with one backbone run one after
   * another.
   */
  private BackboneModel backbone(BackboneSpec spec) throws IOException {
    if (last.filter(loaded -> loaded.spec.equals(spec)).isEmpty()) {
      last = Optional.empty();
      last = Optional.of(new LoadedBackbone(spec, spec.load(pipeline.context().progress())));
    }
    return last.get().backbone;
  }

  private static Experiments table(ExperimentPlan plan, Map<String, Outcome> outcomes) {
    String baseline = plan.baseline();
    List<FinishedExperiment> reference = outcomes.get(baseline).finished;
    List<Experiment> experiments = new ArrayList<>();
    for (Outcome outcome : outcomes.values()) {
      experiments.add(
          new Experiment(
              outcome.experiment.name(),
              outcome.experiment.options(),
              outcome.finished.stream().map(FinishedExperiment::run).toList(),
              outcome.failures,
              outcome.experiment.name().equals(baseline)
                  ? Optional.empty()
                  : FinishedExperiment.differences(reference, outcome.finished),
              Optional.empty()));
    }
    return new Experiments(baseline, plan.seeds(), plan.shared(), experiments, Optional.empty());
  }
}
