package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.FolderLock;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.datasets.DatasetBuilder;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.train.Backbone;
import io.github.deepxray.train.DecisionThresholds;
import io.github.deepxray.train.Evaluator;
import io.github.deepxray.train.Trainer;
import io.github.deepxray.train.TrainingListener;
import io.github.deepxray.train.head.HeadSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
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
  private static final List<Column> COLUMNS =
      List.of(
          new Column("AUC", e -> e.auc().value()),
          new Column("accuracy", e -> chosen(e).accuracy().value()),
          new Column("sensitivity", e -> chosen(e).sensitivity().value()),
          new Column("specificity", e -> chosen(e).specificity().value()),
          new Column(
              "accuracy@0.5", e -> e.thresholds().get(DecisionThresholds.HALF).accuracy().value()),
          new Column("Brier", e -> e.brier().value()),
          new Column("ECE", e -> e.expectedCalibrationError().value()));

  private record Column(String name, ToDoubleFunction<Evaluation> value) {}

  private record Cell(String head, long seed, Evaluation validation, Evaluation test) {}

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
    var engines = Usage.check(common, stage::engines);
    List<Cell> cells = new ArrayList<>();
    for (long seed : seeds) {
      var options = Usage.check(common, () -> dataOptions.options(loaded.imageSize(), seed));
      Path folder = stage.out().resolve("seed-" + seed);
      PreparedDataset dataset =
          DatasetBuilder.prepare(source, folder.resolve("data"), options, stage.cores(), console);
      Usage.requireTwoClasses(common, dataset);
      for (HeadSpec spec : specs) {
        Path home = folder.resolve(spec.name());
        Trainer.Result result =
            new Trainer(
                    Trainer.Options.of(spec, seed).withCores(stage.cores()),
                    engines,
                    cache,
                    console,
                    TrainingListener.NONE)
                .train(dataset, loaded, home.resolve("train"));
        var report =
            new Evaluator(engines, stage.cores(), cache, console)
                .evaluate(dataset, result.model(), home.resolve("evaluation"))
                .twoClass();
        cells.add(new Cell(spec.name(), seed, report.validation(), report.test()));
      }
    }
    AtomicFiles.write(stage.out().resolve("repeat.csv"), csv(cells));
    common.print(table(specs, cells));
    return 0;
  }

  private static Evaluation.AtThreshold chosen(Evaluation e) {
    return e.thresholds().get(DecisionThresholds.DEFAULT);
  }

  private static String csv(List<Cell> cells) {
    StringBuilder text = new StringBuilder("head,seed,split");
    COLUMNS.forEach(column -> text.append(',').append(column.name));
    text.append('\n');
    for (Cell cell : cells) {
      row(text, cell, "validation", cell.validation);
      row(text, cell, "test", cell.test);
    }
    return text.toString();
  }

  private static void row(StringBuilder text, Cell cell, String split, Evaluation e) {
    text.append(cell.head).append(',').append(cell.seed).append(',').append(split);
    COLUMNS.forEach(column -> text.append(',').append(column.value.applyAsDouble(e)));
    text.append('\n');
  }

  private String table(List<HeadSpec> specs, List<Cell> cells) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "test split, mean and standard deviation over seeds %s; accuracy, sensitivity and"
                + " specificity at the threshold chosen on validation%n",
            seeds));
    text.append("| head |");
    COLUMNS.forEach(column -> text.append(' ').append(column.name).append(" |"));
    text.append("\n|---|").append("---|".repeat(COLUMNS.size())).append('\n');
    for (HeadSpec spec : specs) {
      text.append("| ").append(spec.name()).append(" |");
      for (Column column : COLUMNS) {
        double[] values =
            cells.stream()
                .filter(cell -> cell.head.equals(spec.name()))
                .mapToDouble(cell -> column.value.applyAsDouble(cell.test))
                .toArray();
        text.append(String.format(Locale.ROOT, " %.4f ± %.4f |", mean(values), deviation(values)));
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  /** Of the sample: divided by n - 1. */
  private static double deviation(double[] values) {
    double mean = mean(values);
    double sum = 0;
    for (double value : values) {
      sum += (value - mean) * (value - mean);
    }
    return values.length < 2 ? 0 : Math.sqrt(sum / (values.length - 1));
  }
}
