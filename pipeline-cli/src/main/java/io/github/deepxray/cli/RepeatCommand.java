package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.FolderLock;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.DatasetBuilder;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.SeedSummary;
import io.github.deepxray.train.Backbone;
import io.github.deepxray.train.DecisionThresholds;
import io.github.deepxray.train.Evaluator;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Trainer;
import io.github.deepxray.train.head.HeadSpec;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The same training several times. */
@Command(
    name = "repeat",
    description = {
      "Trains and evaluates heads over several seeds and prints mean and standard deviation.",
      "",
      "Each seed draws its own validation split and initial weights. One run says little: the test"
          + " split is small. Embeddings are shared by all seeds and heads.",
      ""
    },
    footer = {
      "",
      "Example: deepxray repeat --data chest-xray-pneumonia.zip --weights imagenet --out repeats"
    },
    sortOptions = false)
final class RepeatCommand implements Callable<Integer> {
  /** The decision of two classes that is shown beside the one that counts. */
  private static final String HALF = "accuracy@" + DecisionThresholds.HALF;

  private record Cell(String head, long seed, ModelMetrics metrics) {
    /** All metrics of a split by name. */
    Map<String, Double> values(Split split) {
      Map<String, Double> values = new LinkedHashMap<>();
      metrics
          .of(split)
          .overall(metrics.decision().name())
          .forEach((metric, interval) -> values.put(metric.id(), interval.value()));
      if (metrics.decisions().contains(DecisionThresholds.HALF)) {
        values.put(HALF, metrics.of(split).of(Metric.ACCURACY, DecisionThresholds.HALF).value());
      }
      return values;
    }
  }

  @Mixin private CommonOptions common;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "<zip|dir|kaggle>",
      description = "The archive, or its unpacked folder; kaggle to download it.")
  private String data;

  @Mixin private BackboneOptions backbone;
  @Mixin private StageOptions stage;

  @Option(
      names = "--heads",
      split = ",",
      defaultValue = "original,ensemble",
      paramLabel = "<name|file>",
      description = "The heads to train. Default: ${DEFAULT-VALUE}.")
  private List<String> heads;

  @Option(
      names = "--seeds",
      split = ",",
      defaultValue = "0,1,2,3,4",
      paramLabel = "<n>",
      description = "The seeds. Default: ${DEFAULT-VALUE}.")
  private List<Long> seeds;

  @Mixin private DataOptions dataOptions;

  @Override
  public Integer call() throws Exception {
    Console console = common.console();
    List<HeadSpec> specs = new ArrayList<>();
    for (String head : heads) {
      specs.add(Usage.check(common, () -> HeadSpec.of(head)));
    }
    Usage.check(common, backbone::imageSize);
    Backbone loaded = backbone.load(console);
    if (specs.stream().map(HeadSpec::name).distinct().count() < specs.size()) {
      throw new DeepXrayException("Two of the heads " + heads + " have the same name; rename one.");
    }
    return FolderLock.holding(stage.out(), () -> repeat(specs, loaded));
  }

  private int repeat(List<HeadSpec> specs, Backbone loaded) throws IOException {
    Console console = common.console();
    stage.place.keepConfig(common);
    Path source = DataSource.open(data, console);
    Path cache = stage.cache.orElse(stage.out().resolve("cache"));
    EngineFactory engines = Usage.check(common, stage::engines);
    Context context = Context.of(engines, cache).withCores(stage.cores()).withProgress(console);
    List<Cell> cells = new ArrayList<>();
    for (long seed : seeds) {
      var options = Usage.check(common, () -> dataOptions.options(loaded.imageSize(), seed));
      Path folder = stage.out().resolve("seed-" + seed);
      PreparedDataset dataset =
          DatasetBuilder.prepare(source, folder.resolve("data"), options, stage.cores(), console);
      for (HeadSpec spec : specs) {
        Path home = folder.resolve(spec.name());
        Trainer.Result result =
            new Trainer(Trainer.Options.of(spec, seed), context)
                .train(dataset, loaded, home.resolve("train"));
        ModelMetrics metrics =
            new Evaluator(context).evaluate(dataset, result.model(), home.resolve("evaluation"));
        cells.add(new Cell(spec.name(), seed, metrics));
      }
    }
    AtomicFiles.write(stage.out().resolve("repeat.csv"), csv(cells));
    common.print(table(specs, cells));
    return 0;
  }

  private static Set<String> columns(List<Cell> cells) {
    return cells.get(0).values(Split.TEST).keySet();
  }

  private static String csv(List<Cell> cells) {
    StringBuilder text = new StringBuilder("head,seed,split,");
    text.append(String.join(",", columns(cells))).append('\n');
    for (Cell cell : cells) {
      for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
        text.append(cell.head).append(',').append(cell.seed).append(',').append(split.key());
        cell.values(split)
            .values()
            .forEach(value -> text.append(',').append(Double.isNaN(value) ? "" : value.toString()));
        text.append('\n');
      }
    }
    return text.toString();
  }

  private String table(List<HeadSpec> specs, List<Cell> cells) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "test split, mean and standard deviation over seeds %s; by the threshold chosen on"
                + " validation, of more than two classes for the most probable%n",
            seeds));
    text.append("| head |");
    columns(cells).forEach(column -> text.append(' ').append(column).append(" |"));
    text.append("\n|---|").append("---|".repeat(columns(cells).size())).append('\n');
    for (HeadSpec spec : specs) {
      text.append("| ").append(spec.name()).append(" |");
      for (String column : columns(cells)) {
        List<Double> values =
            cells.stream()
                .filter(cell -> cell.head.equals(spec.name()))
                .map(cell -> cell.values(Split.TEST).get(column))
                .toList();
        text.append(' ').append(SeedSummary.of(values)).append(" |");
      }
      text.append('\n');
    }
    return text.toString();
  }
}
