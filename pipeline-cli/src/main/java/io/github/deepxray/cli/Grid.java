package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.concurrent.WorkInterruptedException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.engine.ModelFormat;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.FileSizes;
import io.github.deepxray.core.io.FolderLock;
import io.github.deepxray.core.io.Hashes;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.FinishedExperiment;
import io.github.deepxray.export.Latency;
import io.github.deepxray.export.Pipeline;
import io.github.deepxray.report.Experiments;
import io.github.deepxray.report.Experiments.Experiment;
import io.github.deepxray.report.ModelSpeed;
import io.github.deepxray.report.Provenance;
import io.github.deepxray.text.Yaml;
import io.github.deepxray.train.Backbone;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.stage.Stage;
import io.github.deepxray.train.stage.StageManifest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * Runs experiments, each with each seed in a folder of its own, by the stages of the run command up
 * to evaluation. What came to its end before is not done again; what fails is named and stops
 * nothing else.
 */
final class Grid {
  /** The folder of the embeddings, unless another is named. */
  static final String CACHE = "cache";

  private static final String EVALUATION = "evaluation";
  private static final List<String> RESULTS =
      List.of(
          EVALUATION + "/" + ModelMetrics.FILE,
          EVALUATION + "/" + Predictions.fileName(Split.VALIDATION.key()),
          EVALUATION + "/" + Predictions.fileName(Split.TEST.key()),
          Bundle.TFLITE_FLOAT32);

  /** Images a model gets in a turn. */
  private static final int CALLS = 3;

  private final CommonOptions common;
  private final Path file;
  private final GridSpec spec;
  private final Path out;
  private final Path cache;
  private final int cores;
  private final Map<DatasetOptions, Path> data = new LinkedHashMap<>();
  private final Map<Path, PreparedDataset> prepared = new HashMap<>();
  private Optional<LoadedBackbone> last = Optional.empty();

  private record LoadedBackbone(String name, Backbone backbone) {}

  /** One experiment with one seed. */
  private record Training(
      GridSpec.Cell cell,
      long seed,
      Path folder,
      RunCommand command,
      Tracking tracking,
      RunCommand.Plan plan) {
    String name() {
      return cell.name() + ", seed " + seed;
    }
  }

  /** What an experiment came to. */
  private record Outcome(
      GridSpec.Cell cell, List<FinishedExperiment> finished, Map<Long, String> failures) {}

  Grid(CommonOptions common, Path file, GridSpec spec, Path out, Path cache, int cores) {
    this.common = common;
    this.file = file;
    this.spec = spec;
    this.out = out;
    this.cache = cache;
    this.cores = cores;
  }

  /**
   * Runs what is to be run.
   *
   * @param turns how many turns to measure speed in; 0 for not at all
   * @throws ParameterException if an experiment is refused; nothing was done then
   * @throws IOException if the data cannot be prepared, or a result not be read or written
   */
  Experiments run(int turns) throws IOException {
    List<Training> trainings = new ArrayList<>();
    for (GridSpec.Cell cell : spec.cells()) {
      for (long seed : spec.seeds()) {
        trainings.add(training(cell, seed));
      }
    }
    DataSource.check(spec.data());
    return FolderLock.holding(out, () -> run(trainings, turns));
  }

  private Experiments run(List<Training> trainings, int turns) throws IOException {
    keepSpec();
    Path source = DataSource.open(spec.data(), common.console());
    for (Map.Entry<DatasetOptions, Path> wanted : data.entrySet()) {
      Pipeline pipeline =
          Pipeline.builder(out)
              .optData(wanted.getValue())
              .optCores(cores)
              .optProgress(common.console())
              .build();
      PreparedDataset dataset = pipeline.prepare(source, wanted.getKey());
      prepared.put(wanted.getValue(), dataset);
    }
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    int number = 0;
    for (Training training : trainings) {
      number++;
      common.console().note(training.name() + " (" + number + " of " + trainings.size() + ")");
      Outcome outcome =
          outcomes.computeIfAbsent(
              training.cell.name(),
              name -> new Outcome(training.cell, new ArrayList<>(), new TreeMap<>()));
      try {
        outcome.finished.add(finish(training));
      } catch (WorkInterruptedException e) {
        throw e;
      } catch (OutOfMemoryError | LinkageError | RuntimeException | IOException e) {
        // Whatever it is, the others may do without; what is large is let go.
        last = Optional.empty();
        outcome.failures.put(training.seed, Failures.line(e));
        common.console().note("deepxray: " + training.name() + " failed: " + Failures.line(e));
        if (common.verbose) {
          e.printStackTrace(common.command().commandLine().getErr());
        }
      }
    }
    last = Optional.empty();
    return speeds(table(outcomes), turns);
  }

  private Training training(GridSpec.Cell cell, long seed) throws IOException {
    Path folder = folder(cell.name()).resolve("seed-" + seed);
    ObjectNode options = spec.effective(cell);
    options.put("seed", seed);
    options.put("out", folder.toString());
    options.put("cache", cache.toString());
    options.put("threads", cores);
    CommandLine line = new CommandLine(new RunCommand());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setDefaultValueProvider(
        argument ->
            argument instanceof CommandLine.Model.OptionSpec option
                ? ConfigFile.value(options, option).orElse(null)
                : null);
    line.setErr(common.command().commandLine().getErr());
    // What it would say in the end is in its files.
    line.setOut(new PrintWriter(Writer.nullWriter()));
    try {
      line.parseArgs();
      RunCommand command = line.getCommand();
      Tracking tracking = command.tracking();
      RunCommand.Plan plan = command.plan(tracking);
      data.computeIfAbsent(
          plan.data(),
          wanted -> out.resolve("data").resolve("seed-" + seed + "-" + wanted.imageSize() + "px"));
      return new Training(cell, seed, folder, command, tracking, plan);
    } catch (ParameterException e) {
      throw new ParameterException(
          common.command().commandLine(), file + ", " + cell.name() + ": " + e.getMessage(), e);
    }
  }

  private Path folder(String cell) {
    return out.resolve("experiments").resolve(cell);
  }

  /** Runs one training, unless it came to its end before. */
  private FinishedExperiment finish(Training training) throws IOException {
    RunCommand.Plan plan = training.plan;
    Path dataFolder = data.get(plan.data());
    PreparedDataset dataset = prepared.get(dataFolder);
    Pipeline pipeline = plan.pipeline().optData(dataFolder).build();
    Backbone backbone = backbone(training.command.backbone());
    var engines = training.command.stage().engines();
    Stage stage =
        Stage.of(training.name(), plan.recipe())
            .reading("data", dataset.fingerprint())
            .reading("backbone", backbone.model().fingerprint())
            .reading(
                "sparse",
                ConfigFile.effective(training.command.command()).getOrDefault("sparse", ""))
            .computedBy(pipeline.context().engines())
            .writing(RESULTS);
    StageManifest manifest = new StageManifest(training.folder, stage);
    Optional<FileSizes> before = manifest.outcome(FileSizes.class);
    FileSizes size;
    if (before.isPresent()) {
      common.console().note(manifest.told());
      size = before.get();
    } else {
      long start = System.nanoTime();
      manifest.forget();
      training.command.keepConfig();
      try (Tracking tracking = training.tracking) {
        training.command.learn(plan, pipeline, backbone, tracking);
        tracking.finished();
      }
      size =
          FileSizes.of(pipeline.writeFloat32(plan.name(), dataset.manifest().profile().purpose()));
      manifest.keep(size);
      double seconds = (System.nanoTime() - start) / 1e9;
      common.console().note(String.format(Locale.ROOT, "%s: %.0f s", training.name(), seconds));
    }
    return FinishedExperiment.read(pipeline.evaluationFolder(), training.seed, size);
  }

  /** The last one is kept: experiments of one backbone follow each other. */
  private Backbone backbone(BackboneOptions options) throws IOException {
    String name = options.variant().kerasName() + " " + options.imageSize() + " " + options.weights;
    if (last.filter(loaded -> loaded.name.equals(name)).isEmpty()) {
      last = Optional.empty();
      last = Optional.of(new LoadedBackbone(name, options.load(common.console())));
    }
    return last.get().backbone;
  }

  private Experiments table(Map<String, Outcome> outcomes) {
    String baseline = spec.baselineName();
    List<FinishedExperiment> reference = outcomes.get(baseline).finished;
    List<Experiment> experiments = new ArrayList<>();
    for (Outcome outcome : outcomes.values()) {
      experiments.add(
          new Experiment(
              outcome.cell.name(),
              outcome.cell.own(),
              outcome.finished.stream().map(FinishedExperiment::run).toList(),
              outcome.failures,
              outcome.cell.name().equals(baseline)
                  ? Optional.empty()
                  : FinishedExperiment.differences(reference, outcome.finished),
              Optional.empty()));
    }
    return new Experiments(baseline, spec.seeds(), spec.shared(), experiments, Optional.empty());
  }

  /** The same with the speed of each experiment's first model, in turns with the baseline's. */
  private Experiments speeds(Experiments all, int turns) throws IOException {
    if (turns == 0) {
      return all;
    }
    Map<String, Path> models = new LinkedHashMap<>();
    for (Experiment experiment : all.experiments()) {
      if (!experiment.runs().isEmpty()) {
        models.put(
            experiment.name(),
            folder(experiment.name())
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
              : experiment.with(speed(experiment.name(), model, reference, turns, machine)));
    }
    return new Experiments(
        all.baseline(), all.seeds(), all.options(), measured, Optional.of(machine));
  }

  /** How speed is measured. */
  private record SpeedOptions(int turns, String machine) {}

  /** Measured once: a second call shows the same numbers. */
  private ModelSpeed speed(
      String name, Path model, Optional<Path> reference, int turns, String machine)
      throws IOException {
    Stage stage =
        Stage.of("speed", new SpeedOptions(turns, machine))
            .reading("model", Hashes.sha256(model))
            .reading("baseline", reference.isPresent() ? Hashes.sha256(reference.get()) : "");
    StageManifest manifest = new StageManifest(folder(name).resolve("speed"), stage);
    Optional<ModelSpeed> before = manifest.outcome(ModelSpeed.class);
    if (before.isPresent()) {
      return before.get();
    }
    Map<String, InferenceEngine> engines = new LinkedHashMap<>();
    try {
      if (reference.isPresent() && !reference.get().equals(model)) {
        engines.put("", ModelFormat.TFLITE.load(reference.get(), 1));
      }
      engines.put(name, ModelFormat.TFLITE.load(model, 1));
      List<Latency> latencies = Latency.measure(engines, turns, CALLS);
      Latency own = latencies.get(latencies.size() - 1);
      ModelSpeed speed =
          new ModelSpeed(own.milliseconds(), reference.isPresent() ? own.speedup() : Double.NaN);
      manifest.keep(speed);
      return speed;
    } finally {
      engines.values().forEach(InferenceEngine::close);
    }
  }

  /** Keeps what was asked for, places included. */
  private void keepSpec() throws IOException {
    ObjectNode kept = (ObjectNode) Json.tree(spec);
    kept.put("out", out.toString());
    kept.put("cache", cache.toString());
    AtomicFiles.write(out.resolve("grid.yaml"), Yaml.text(kept));
  }
}
