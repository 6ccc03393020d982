package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.io.FolderLock;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.BundleVerifier;
import io.github.deepxray.export.Pipeline;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.train.Backbone;
import io.github.deepxray.train.BackbonePruner;
import io.github.deepxray.train.FineTuneSpec;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Trainer;
import io.github.deepxray.train.finetune.FineTuner;
import io.github.deepxray.train.quantize.Quantizer;
import io.github.deepxray.train.stage.HistoryFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** All stages. */
@Command(
    name = "run",
    description = {
      "Does everything: from an archive of chest X-rays to a verified bundle.",
      "",
      "Audit, split by patient, TFRecords, embeddings of the frozen backbone, head; where asked"
          + " for, pruning, fine-tuning and quantization; evaluation on the untouched test split,"
          + " SavedModel and TFLite. The gate compares every artifact with the trained model and"
          + " refuses what has lost too much. A run that was interrupted goes on when it is started"
          + " again.",
      ""
    },
    footer = {
      "",
      "Example: deepxray run --data chest-xray-pneumonia.zip --weights imagenet --out work",
      "Example: deepxray run --data chest-xray-pneumonia.zip --fine-tune block6a --prune 0.5"
          + " --quantize int8 --out small"
    },
    sortOptions = false)
final class RunCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "<zip|dir|kaggle>",
      description =
          "The Kaggle archive 'Chest X-Ray Images (Pneumonia)', or its unpacked folder; kaggle to"
              + " download it, see data download --help.")
  private String data;

  @Mixin private BackboneOptions backbone;
  @Mixin private StageOptions stage;
  @Mixin private SeedOption seed;
  @Mixin private DataOptions dataOptions;
  @Mixin private TrainOptions trainOptions;

  @Option(
      names = "--prune-channels",
      paramLabel = "<share|file>",
      description =
          "Remove expansion channels until so much of the network's cost is left, before"
              + " fine-tuning; see the prune command. Default: none.")
  private Optional<String> pruneChannels;

  @Option(
      names = "--fine-tune",
      paramLabel = "<block|file>",
      description =
          "Train the backbone further from this block on, such as block6a, top or all; see the"
              + " finetune command. Default: the backbone stays frozen.")
  private Optional<String> fineTune;

  @Mixin private FineTuneOptions fineTuneOptions;

  @Option(
      names = "--prune",
      paramLabel = "<share|file>",
      description =
          "Set this share of the weights of the 1x1 convolutions and of the head's hidden layers to"
              + " zero at once, before fine-tuning if there is any; or a .yaml or .json file that"
              + " says more, see the prune command. Default: none.")
  private Optional<String> prune;

  @Option(
      names = "--prune-gradually",
      paramLabel = "<share|file>",
      description = PruneOptions.GRADUALLY)
  private Optional<String> pruneGradually;

  @Mixin private PruneOptions pruneOptions;

  @Option(
      names = "--quantize",
      split = ",",
      paramLabel = "<forms>",
      description =
          "Further forms for the bundle: int8, int16x8, int8-weights, float16. Default: none beside"
              + " float32 and dynamic.")
  private List<String> quantize = List.of();

  @Mixin private QuantizeOptions quantizeOptions;
  @Mixin private ExportOptions exportOptions;
  @Mixin private TrackingOptions trackingOptions;

  @Override
  public Integer call() throws Exception {
    try (Tracking tracking = tracking()) {
      int code = run(tracking);
      tracking.finished();
      return code;
    }
  }

  /**
   * What the options ask for, checked as far as it can be before anything is done.
   *
   * @param pipeline to be built
   * @param name what to call the model
   */
  record Plan(
      Pipeline.Builder pipeline,
      DatasetOptions data,
      Trainer.Options trainer,
      Optional<BackbonePruner.Options> pruner,
      Optional<FineTuneSpec> fineTuning,
      Optional<PruningSpec> gradual,
      Quantizer.Options quantizer,
      String name) {
    /** The options that the trained classifier depends on. */
    Recipe recipe() {
      return new Recipe(trainer, pruner, fineTuning, gradual);
    }
  }

  /** The options of all stages up to the trained classifier. */
  record Recipe(
      Trainer.Options trainer,
      Optional<BackbonePruner.Options> pruner,
      Optional<FineTuneSpec> fineTuning,
      Optional<PruningSpec> gradual) {}

  /** What watches the run. */
  Tracking tracking() throws IOException {
    return trackingOptions.tracking(common, stage);
  }

  CommandSpec command() {
    return common.command();
  }

  BackboneOptions backbone() {
    return backbone;
  }

  StageOptions stage() {
    return stage;
  }

  /**
   * Checks the options.
   *
   * @param tracking told of epochs
   * @throws ParameterException if one is refused
   * @throws IOException if a file that an option names cannot be read
   */
  Plan plan(Tracking tracking) throws IOException {
    var datasetOptions =
        Usage.check(common, () -> dataOptions.options(backbone.imageSize(), seed.seed));
    datasetOptions.classes().ifPresent(names -> Usage.refuseThresholds(common, names.size()));
    var trainerOptions = Usage.check(common, () -> trainOptions.options(seed.seed));
    String name = Usage.check(common, exportOptions::name);
    Map<String, String> config =
        Configurations.withoutPlaces(ConfigFile.effective(common.command()));
    Pipeline.Builder pipeline =
        Usage.check(
            common,
            () -> {
              Pipeline.Builder builder =
                  stage.builder(common, config, tracking).optBundle(exportOptions.options());
              trainOptions.describe(builder);
              return builder;
            });
    if (prune.isPresent() && pruneGradually.isPresent()) {
      throw new ParameterException(
          common.command().commandLine(),
          "--prune and --prune-gradually exclude each other; give one of them.");
    }
    if (pruneGradually.isPresent() && fineTune.isEmpty()) {
      throw new ParameterException(
          common.command().commandLine(),
          "--prune-gradually needs --fine-tune; --prune works without.");
    }
    boolean atOnce = prune.isPresent() || pruneChannels.isPresent();
    Usage.refuseIgnored(
        common, fineTune.isPresent(), Usage.names(common, "fineTuneOptions"), "--fine-tune");
    Usage.refuseIgnored(
        common, atOnce, Usage.names(common, "pruneOptions"), "--prune or --prune-channels");
    quantizeOptions.refuseIgnored(
        common, Usage.names(common, "quantizeOptions"), quantize, "--quantize");
    Optional<FineTuneSpec> fineTuning =
        fineTune.isPresent()
            ? Optional.of(Usage.check(common, () -> fineTuneOptions.spec(fineTune.get())))
            : Optional.empty();
    Optional<PruningSpec> pruning =
        prune.isPresent()
            ? Optional.of(Usage.check(common, () -> PruneOptions.atOnce(prune.get())))
            : Optional.empty();
    Optional<PruningSpec> gradual =
        pruneGradually.isPresent()
            ? Optional.of(Usage.check(common, () -> PruningSpec.read(pruneGradually.get())))
            : Optional.empty();
    Optional<ChannelPruningSpec> channels =
        pruneChannels.isPresent()
            ? Optional.of(Usage.check(common, () -> ChannelPruningSpec.read(pruneChannels.get())))
            : Optional.empty();
    Optional<BackbonePruner.Options> prunerOptions =
        atOnce
            ? Optional.of(
                Usage.check(common, () -> pruneOptions.options(channels, pruning, trainerOptions)))
            : Optional.empty();
    Quantizer.Options quantizerOptions =
        Usage.check(
            common,
            () ->
                quantizeOptions.options(
                    quantize, exportOptions.sparse(), exportOptions.limits(), seed.seed));
    // The names of layers and how much can be pruned are known before anything is trained.
    Usage.check(
        common,
        () -> {
          NetworkChecks checks = NetworkChecks.of(backbone.variant(), trainerOptions.head());
          fineTuning.ifPresent(checks::fineTuning);
          channels.ifPresent(checks::channels);
          // A narrowed network is another one.
          if (channels.isEmpty()) {
            pruning.ifPresent(checks::pruning);
            gradual.ifPresent(spec -> checks.gradualPruning(spec, fineTuning.orElseThrow()));
          }
          quantizerOptions.forms().forEach(checks::quantization);
          return checks;
        });
    return new Plan(
        pipeline,
        datasetOptions,
        trainerOptions,
        prunerOptions,
        fineTuning,
        gradual,
        quantizerOptions,
        name);
  }

  /** Keeps the options in the output folder, in place of those of single stages. */
  void keepConfig() throws IOException {
    Configurations.forgetStages(stage.out());
    stage.place.keepConfig(common);
  }

  /**
   * Trains on the prepared data set, prunes and fine-tunes where that is asked for, and evaluates.
   *
   * @param pipeline the one of the plan
   * @throws IOException if something cannot be read or written
   */
  void learn(Plan plan, Pipeline pipeline, Backbone loaded, Tracking tracking) throws IOException {
    tracking.begin(Tracker.TRAIN);
    Trainer.Result trained = pipeline.train(loaded, plan.trainer());
    DatasetProfile profile = PreparedDataset.open(pipeline.dataFolder()).manifest().profile();
    common.print(Reports.training(trained, profile) + "\n");
    tracking.trained(trained.model(), List::of);
    Set<Path> stages = new HashSet<>();
    if (plan.pruner().isPresent()) {
      stages.add(pipeline.pruneFolder());
    }
    if (plan.fineTuning().isPresent()) {
      stages.add(pipeline.fineTuneFolder());
    }
    if (!quantize.isEmpty() && pipeline.context().resumes()) {
      stages.add(pipeline.quantizeFolder());
    }
    pipeline.forget(stages);
    if (plan.pruner().isPresent()) {
      tracking.begin(Tracker.PRUNE);
      Trainer.Result pruned = pipeline.prune(plan.pruner().get());
      common.print(Reports.pruning(pruned, profile) + "\n");
      tracking.trained(
          pruned.model(), () -> HistoryFile.read(pipeline.pruneFolder().resolve(HistoryFile.NAME)));
    }
    if (plan.fineTuning().isPresent()) {
      FineTuner.Options options =
          new FineTuner.Options(plan.fineTuning().get(), plan.gradual(), seed.seed);
      tracking.begin(Tracker.FINE_TUNE);
      FineTuner.Result tuned = pipeline.fineTune(options);
      common.print(Reports.fineTuning(tuned) + "\n");
      tracking.trained(tuned.model(), tuned::epochs);
    }
    tracking.begin(Tracker.EVALUATION);
    ModelMetrics metrics = pipeline.evaluate();
    common.print(Reports.metrics(metrics));
    tracking.evaluated(pipeline, metrics);
  }

  private int run(Tracking tracking) throws Exception {
    Plan plan = plan(tracking);
    return FolderLock.holding(stage.out(), () -> run(plan, tracking));
  }

  private int run(Plan plan, Tracking tracking) throws Exception {
    long start = System.nanoTime();
    // First what may fail soon: the archive's name, then the weights, then the data.
    DataSource.check(data);
    Backbone loaded = backbone.load(common.console());
    keepConfig();
    Path source = DataSource.open(data, common.console());
    Pipeline pipeline = plan.pipeline().build();
    PreparedDataset dataset = pipeline.prepare(source, plan.data());
    Usage.refuseThresholds(common, dataset.manifest().classNames().size());
    common.print(dataset.table() + "\n");
    learn(plan, pipeline, loaded, tracking);
    if (!quantize.isEmpty()) {
      for (Quantizer.Result result : pipeline.quantize(plan.quantizer())) {
        common.print(result + "\n");
      }
      common.print("\n");
    }
    Bundle bundle = pipeline.export(plan.name(), dataset.manifest().profile().purpose());
    BundleVerifier.Report report = BundleVerifier.recorded(bundle);
    common.print(Reports.verification(bundle, report) + Reports.page(bundle));
    tracking.exported(bundle, plan.name(), report.passed());
    common.print(
        String.format(Locale.ROOT, "run took %.0f s%n", (System.nanoTime() - start) / 1e9));
    return exportOptions.exitCode(report);
  }
}
