package io.github.deepxray.cli;

import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.pipeline.BackboneSpec;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.pipeline.PipelineListener;
import io.github.deepxray.pipeline.PipelineStage;
import io.github.deepxray.pipeline.RunResult;
import io.github.deepxray.pipeline.RunSpec;
import io.github.deepxray.pipeline.Tracking;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The command {@code run}, which runs all stages. */
@Command(
    name = "run",
    description = {
      "Runs all stages, from an archive of chest X-rays to a verified bundle.",
      "",
      "Audit, split by patient, TFRecords, embeddings of the frozen backbone, head; "
          + "optional pruning, fine-tuning and quantization; evaluation on the test split, "
          + "SavedModel and TFLite. The gate compares each artifact with the trained model "
          + "and refuses it if it differs too much. An interrupted run is resumed when it "
          + "is started again.",
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
          "Kaggle archive 'Chest X-Ray Images (Pneumonia)' or its unpacked folder; "
              + "kaggle to download it, see data download --help.")
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
          "Remove expansion channels until this share of the network's cost is left, "
              + "before fine-tuning; see the prune command. Default: none.")
  private Optional<String> pruneChannels;

  @Option(
      names = "--fine-tune",
      paramLabel = "<block|file>",
      description =
          "Fine-tune the backbone from this block on, such as block6a, top or all; see the finetune"
              + " command. Default: the recipe's; fast and original freeze the backbone.")
  private Optional<String> fineTune;

  @Mixin private FineTuneOptions fineTuneOptions;

  @Option(
      names = "--prune",
      paramLabel = "<share|file>",
      description =
          "Set this share of the weights of the 1x1 convolutions and of the head's "
              + "hidden layers to zero in one step, before any fine-tuning; or a .yaml or "
              + ".json file with more options, see the prune command. Default: none.")
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
          "Additional quantized forms of the bundle: ${bundle:quantization.names}. "
              + "Default: none besides float32 and dynamic.")
  private List<String> quantize = List.of();

  @Mixin private QuantizeOptions quantizeOptions;
  @Mixin private ExportOptions exportOptions;
  @Mixin private TrackingOptions trackingOptions;

  @Override
  public Integer call() throws Exception {
    RunSpec spec = spec();
    long start = System.nanoTime();
    try (Tracking tracking = tracking()) {
      PipelineListener listener =
          PipelineListener.of(List.of(keepingConfig(), tracking, new ResultPrinter(common)));
      Map<String, String> config =
          Configurations.withoutPlaces(ConfigFile.effective(common.command()));
      Pipeline pipeline = Usage.check(common, () -> checkpoints(stage.pipeline(common, listener)));
      RunResult result = pipeline.withConfig(config).run(spec);
      common.print(
          String.format(Locale.ROOT, "run took %.0f s%n", (System.nanoTime() - start) / 1e9));
      return exportOptions.exitCode(result.verification());
    }
  }

  /** Options of all stages up to the trained classifier. */
  record Recipe(
      TrainingSpec trainer,
      Optional<BackbonePruningSpec> pruner,
      Optional<FineTuningRecipe> fineTuning,
      Optional<PruningSpec> gradual) {}

  /** Returns the trackers of the run. */
  Tracking tracking() throws IOException {
    return trackingOptions.tracking(common, stage.out());
  }

  /** Writes the options to the output folder and removes those of single stages. */
  private PipelineListener keepingConfig() {
    return new PipelineListener() {
      @Override
      public void onStage(PipelineStage begun) throws IOException {
        if (begun == PipelineStage.DATA) {
          keepConfig();
        }
      }

      @Override
      public void onPrepared(PreparedDataset dataset) {
        Usage.refuseThresholds(common, dataset.manifest().classNames().size());
      }
    };
  }

  /** Writes the options to the output folder and removes those of single stages. */
  void keepConfig() throws IOException {
    Configurations.forgetStages(stage.out());
    stage.place.keepConfig(common);
  }

  /** Returns a pipeline with the checkpoint options. */
  Pipeline checkpoints(Pipeline pipeline) {
    return trainOptions.checkpoints(pipeline);
  }

  /**
   * Returns the run of the options, checked before any work.
   *
   * @throws ParameterException if an option is impossible
   * @throws IOException if a file that an option names cannot be read
   */
  RunSpec spec() throws IOException {
    refuseIgnored();
    BackboneSpec network = Usage.check(common, backbone::spec);
    DatasetOptions dataset =
        Usage.check(common, () -> dataOptions.options(network.imageSize(), seed.seed));
    dataset.classes().ifPresent(names -> Usage.refuseThresholds(common, names.size()));
    TrainingSpec training = Usage.check(common, () -> trainOptions.options(seed.seed));
    RunSpec spec =
        new RunSpec(
            DataSources.of(data),
            Usage.check(common, exportOptions::name),
            network,
            dataset,
            training,
            pruning(training),
            fineTuning(),
            quantization(),
            Usage.check(common, exportOptions::options));
    return Usage.check(
        common,
        () -> {
          spec.check();
          return spec;
        });
  }

  private void refuseIgnored() throws IOException {
    if (prune.isPresent() && pruneGradually.isPresent()) {
      throw Usage.wrong(
          common, "--prune and --prune-gradually exclude each other; give one of them.");
    }
    if (pruneGradually.isPresent() && !fineTunes()) {
      throw Usage.wrong(common, "--prune-gradually needs --fine-tune; --prune works without.");
    }
    Usage.refuseIgnored(common, fineTunes(), Usage.names(common, "fineTuneOptions"), "--fine-tune");
    Usage.refuseIgnored(
        common,
        prune.isPresent() || pruneChannels.isPresent(),
        Usage.names(common, "pruneOptions"),
        "--prune or --prune-channels");
    Usage.refuseIgnored(
        common, exportOptions.quantized(), List.of("--quantize"), "tflite in --formats");
    quantizeOptions.refuseIgnored(
        common, Usage.names(common, "quantizeOptions"), quantize, "--quantize");
  }

  private Optional<BackbonePruningSpec> pruning(TrainingSpec training) throws IOException {
    if (prune.isEmpty() && pruneChannels.isEmpty()) {
      return Optional.empty();
    }
    Optional<PruningSpec> weights = Usage.ifGiven(common, prune, PruneOptions::atOnce);
    Optional<ChannelPruningSpec> channels =
        Usage.ifGiven(common, pruneChannels, ChannelPruningSpec::read);
    return Optional.of(
        Usage.check(common, () -> pruneOptions.options(channels, weights, training)));
  }

  private boolean fineTunes() {
    return fineTune.isPresent() || trainOptions.recipe.fineTuning().isPresent();
  }

  private Optional<FineTuningSpec> fineTuning() throws IOException {
    if (!fineTunes()) {
      return Optional.empty();
    }
    FineTuningRecipe tuning =
        Usage.check(
            common,
            () ->
                fineTune.isPresent()
                    ? fineTuneOptions.spec(fineTune.get())
                    : fineTuneOptions.spec(trainOptions.recipe.fineTuning().orElseThrow()));
    Optional<PruningSpec> gradual = Usage.ifGiven(common, pruneGradually, PruningSpec::read);
    return Optional.of(new FineTuningSpec(tuning, gradual, seed.seed));
  }

  private FormsSpec quantization() throws IOException {
    return Usage.check(
        common,
        () ->
            quantizeOptions.options(
                quantize, exportOptions.sparse(), exportOptions.limits(), seed.seed));
  }
}
