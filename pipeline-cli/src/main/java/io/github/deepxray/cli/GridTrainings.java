package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.FolderLock;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.pipeline.ExperimentListener;
import io.github.deepxray.pipeline.ExperimentPlan;
import io.github.deepxray.pipeline.ExperimentRunner;
import io.github.deepxray.pipeline.ExperimentSpec;
import io.github.deepxray.pipeline.ExperimentsTable;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.pipeline.PipelineListener;
import io.github.deepxray.pipeline.PipelineStage;
import io.github.deepxray.pipeline.RunSpec;
import io.github.deepxray.pipeline.internal.FailureText;
import io.github.deepxray.report.Experiments;
import io.github.deepxray.report.internal.ExperimentsPage;
import io.github.deepxray.text.internal.Yaml;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Trainings of a grid: a run of each experiment with each seed. */
final class GridTrainings implements ExperimentListener {
  private final CommonOptions common;
  private final String file;
  private final GridSpec spec;
  private final Pipeline pipeline;
  private final Map<Path, RunCommand> commands = new HashMap<>();

  /**
   * Creates the trainings.
   *
   * @param file file of the grid, for messages
   * @param pipeline pipeline whose output folder holds all experiments
   */
  GridTrainings(CommonOptions common, String file, GridSpec spec, Pipeline pipeline) {
    this.common = common;
    this.file = file;
    this.spec = spec;
    this.pipeline = pipeline;
  }

  /**
   * Returns the plan of the experiments, checked before any work.
   *
   * @param turns number of turns in which speed is measured; 0 for no measurement
   * @throws ParameterException if an experiment is impossible
   * @throws IOException if a file that an option names cannot be read
   */
  ExperimentPlan plan(int turns) throws IOException {
    List<ExperimentSpec> experiments = new ArrayList<>();
    for (GridSpec.Cell cell : spec.cells()) {
      Map<Long, RunSpec> runs = new LinkedHashMap<>();
      for (long seed : spec.seeds()) {
        runs.put(seed, run(cell, seed));
      }
      experiments.add(new ExperimentSpec(cell.name(), cell.own(), runs));
    }
    return new ExperimentPlan(experiments, spec.baselineName(), spec.seeds(), spec.shared(), turns);
  }

  /**
   * Runs a plan and writes {@code comparison.csv}, {@code .json} and {@code .html}.
   *
   * @throws IOException if the data cannot be prepared, or a result cannot be read or written
   */
  Experiments run(ExperimentPlan plan) throws IOException {
    DataSources.of(spec.data()).check();
    Path out = pipeline.out();
    // Checkpoint options are the same for all.
    Pipeline all = commands.values().iterator().next().checkpoints(pipeline);
    return FolderLock.holding(
        out,
        () -> {
          keepSpec();
          Experiments result = new ExperimentRunner(all, this).run(plan);
          AtomicFiles.write(out.resolve("comparison.csv"), ExperimentsTable.csv(result));
          AtomicFiles.write(out.resolve("comparison.json"), ExperimentsTable.json(result));
          AtomicFiles.write(page(), ExperimentsPage.html(result));
          return result;
        });
  }

  /** Path of the page that {@link #run(ExperimentPlan)} writes. */
  Path page() {
    return pipeline.out().resolve("comparison.html");
  }

  private RunSpec run(GridSpec.Cell cell, long seed) throws IOException {
    Path folder = ExperimentRunner.folder(pipeline, cell.name(), seed);
    ObjectNode options = spec.effective(cell);
    options.put("seed", seed);
    options.put("out", folder.toString());
    CommandLine line = new CommandLine(new RunCommand());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setDefaultValueProvider(
        argument ->
            argument instanceof CommandLine.Model.OptionSpec option
                ? ConfigFile.value(options, option).orElse(null)
                : null);
    line.setErr(common.command().commandLine().getErr());
    // The results are in the files.
    line.setOut(new PrintWriter(Writer.nullWriter()));
    try {
      line.parseArgs();
      RunCommand command = line.getCommand();
      commands.put(folder, command);
      return command.spec();
    } catch (ParameterException e) {
      throw new ParameterException(
          common.command().commandLine(), file + ", " + cell.name() + ": " + e.getMessage(), e);
    }
  }

  @Override
  public PipelineListener onTraining(String experiment, long seed, Path folder) throws IOException {
    RunCommand command = commands.get(folder);
    PipelineListener keepingConfig =
        new PipelineListener() {
          @Override
          public void onStage(PipelineStage stage) throws IOException {
            if (stage == PipelineStage.TRAIN) {
              command.keepConfig();
            }
          }
        };
    return PipelineListener.of(
        List.of(EngineOptions.epochs(common), keepingConfig, command.tracking()));
  }

  @Override
  public void onFailure(String experiment, long seed, Throwable failure) {
    common
        .console()
        .note(
            "deepxray: " + experiment + ", seed " + seed + " failed: " + FailureText.line(failure));
    if (common.verbose) {
      failure.printStackTrace(common.command().commandLine().getErr());
    }
  }

  /** Writes the specification, including paths. */
  private void keepSpec() throws IOException {
    ObjectNode kept = (ObjectNode) Json.tree(spec);
    kept.put("out", pipeline.out().toString());
    kept.put("cache", pipeline.context().cache().toString());
    AtomicFiles.write(pipeline.out().resolve("grid.yaml"), Yaml.text(kept));
  }
}
