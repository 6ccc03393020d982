package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.internal.io.FolderLock;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.pipeline.ExperimentPlan;
import io.github.deepxray.pipeline.ExperimentsTable;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.pipeline.PipelineListener;
import io.github.deepxray.report.Experiments;
import io.github.deepxray.train.recipe.Recipe;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code repeat}, a preset of {@link CompareCommand} for recipes, heads and seeds. */
@Command(
    name = "repeat",
    description = {
      "Trains and evaluates recipes or heads with several seeds; prints mean and deviation.",
      "",
      "Each seed has another validation split and other initial weights. A single "
          + "run is not conclusive, because the test split is small. All trainings "
          + "share embeddings. A preset of compare: writes comparison.csv, .json and .html "
          + "into <out>, and resumes after it was interrupted.",
      ""
    },
    footer = {
      "",
      "Example: deepxray repeat --data chest-xray-pneumonia.zip --weights imagenet --out repeats"
    },
    sortOptions = false)
final class RepeatCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "<zip|dir|kaggle>",
      description = "Archive or unpacked folder; kaggle to download it.")
  private String data;

  @Mixin private BackboneOptions backbone;
  @Mixin private StageOptions stage;

  @Option(
      names = "--recipes",
      split = ",",
      paramLabel = "<name>",
      description =
          "Recipes to train: original, fast, best. Default: original,fast, unless there are "
              + "--heads.")
  private List<Recipe> recipes = List.of();

  @Option(
      names = "--heads",
      split = ",",
      paramLabel = "<name|file>",
      description = "Heads to train instead of recipes, with the other settings of fast.")
  private List<String> heads = List.of();

  @Option(
      names = "--seeds",
      split = ",",
      defaultValue = "0,1,2,3,4",
      paramLabel = "<n>",
      description = "Seeds. Default: ${DEFAULT-VALUE}.")
  private List<Long> seeds;

  // Read by name, see grid().
  @SuppressWarnings("UnusedVariable")
  @Mixin
  private DataOptions dataOptions;

  @Override
  public Integer call() throws Exception {
    GridSpec grid = Usage.check(common, this::grid);
    Pipeline pipeline = Usage.check(common, () -> stage.pipeline(common, PipelineListener.NONE));
    GridTrainings trainings = new GridTrainings(common, named(), grid, pipeline);
    ExperimentPlan plan = trainings.plan(0);
    // Check options before any file is written.
    DataSources.of(data).check();
    backbone.spec().load(common.console());
    Experiments result =
        FolderLock.holding(
            stage.out(),
            () -> {
              stage.place.keepConfig(common);
              return trainings.run(plan);
            });
    common.print(ExperimentsTable.table(result) + "\npage " + trainings.page() + "\n");
    return result.failed() ? 1 : 0;
  }

  private String named() {
    return heads.isEmpty() ? "--recipes" : "--heads";
  }

  /** Returns the recipes or heads as a grid; all other options are shared by all trainings. */
  private GridSpec grid() {
    Map<String, JsonNode> shared = new LinkedHashMap<>();
    Set<String> kept = new HashSet<>();
    for (String mixin : List.of("backbone", "dataOptions")) {
      Usage.names(common, mixin).forEach(name -> kept.add(name.replaceFirst("^--", "")));
    }
    // Weights are a separate field, not an option of the grid.
    kept.remove("weights");
    ConfigFile.effective(common.command())
        .forEach(
            (name, value) -> {
              if (kept.contains(name)) {
                shared.put(name, Json.tree(value));
              }
            });
    if (!heads.isEmpty() && !recipes.isEmpty()) {
      throw Usage.wrong(common, "--heads and --recipes exclude each other; give one of them.");
    }
    List<Recipe> wanted = recipes.isEmpty() ? List.of(Recipe.ORIGINAL, Recipe.FAST) : recipes;
    Stream<String> values = heads.isEmpty() ? wanted.stream().map(Recipe::key) : heads.stream();
    GridSpec grid =
        new GridSpec(
            data,
            Optional.empty(),
            Optional.empty(),
            Json.tree(backbone.spec().weights()),
            seeds,
            Optional.empty(),
            shared,
            Map.of(heads.isEmpty() ? "recipe" : "head", values.<JsonNode>map(Json::tree).toList()),
            Map.of());
    grid.check(named());
    return grid;
  }
}
