package io.github.deepxray.export;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.FolderLock;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetBuilder;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.report.DatasetOrigin;
import io.github.deepxray.report.LayerReportPage;
import io.github.deepxray.tensorflow.TensorFlowEngineFactory;
import io.github.deepxray.tflite.TfLiteEngineFactory;
import io.github.deepxray.train.Backbone;
import io.github.deepxray.train.BackbonePruner;
import io.github.deepxray.train.Evaluator;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.Trainer;
import io.github.deepxray.train.finetune.FineTuner;
import io.github.deepxray.train.quantize.Quantizer;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The stages from an archive of X-rays to a verified bundle, each in a folder of its own below one
 * output folder. A stage reads what the one before it left, so any of them can be run alone; one
 * that is interrupted leaves nothing half-written and goes on where it can.
 *
 * <ul>
 *   <li>{@code data}: TFRecord shards and {@code dataset.json}
 *   <li>{@code cache}: embeddings
 *   <li>{@code train}: the classifier's weights, description and history
 *   <li>{@code prune}: the classifier with a pruned backbone, where that is asked for
 *   <li>{@code finetune}: the classifier with a backbone trained further, where that is asked for
 *   <li>{@code evaluation}: metrics and predictions
 *   <li>{@code quantize}: the classifier in other arithmetic, where that is asked for
 *   <li>{@code bundle}: what is deployed
 * </ul>
 */
public final class Pipeline {
  // Every stage holds its lock: two runs in one folder would remove each other's files.
  private final Path out;
  private final Path data;
  private final Context context;
  private final Map<String, String> config;
  private final BundleWriter.Options bundleOptions;

  private Pipeline(Builder builder) {
    out = builder.out;
    data = builder.data;
    context = builder.context;
    config = new TreeMap<>(builder.config);
    bundleOptions = builder.bundleOptions;
  }

  /**
   * Starts the description of a pipeline.
   *
   * @param out the folder of all stages
   */
  public static Builder builder(Path out) {
    return new Builder(out);
  }

  /** The names of the engines that {@link #engine} knows. */
  public static List<String> engineNames() {
    return List.of("tflite", "tensorflow");
  }

  /**
   * An engine by its name.
   *
   * @throws DeepXrayException if there is none of that name
   */
  public static EngineFactory engine(String name) {
    return switch (name) {
      case "tflite" -> new TfLiteEngineFactory();
      case "tensorflow" -> new TensorFlowEngineFactory();
      default ->
          throw new DeepXrayException(
              "There is no engine " + name + "; choose one of " + engineNames() + ".");
    };
  }

  /** The folder of the prepared data set. */
  public Path dataFolder() {
    return data;
  }

  /** The folder of the embeddings. */
  public Path cacheFolder() {
    return context.cache();
  }

  /** The surroundings of all stages. */
  public Context context() {
    return context;
  }

  /** The folder of the training. */
  public Path trainFolder() {
    return out.resolve("train");
  }

  /** The folder of the pruning. */
  public Path pruneFolder() {
    return out.resolve("prune");
  }

  /** The folder of the fine-tuning. */
  public Path fineTuneFolder() {
    return out.resolve("finetune");
  }

  /** The folder of the evaluation. */
  public Path evaluationFolder() {
    return out.resolve("evaluation");
  }

  /** The folder of the quantized forms. */
  public Path quantizeFolder() {
    return out.resolve("quantize");
  }

  /** The folder of the bundle. */
  public Path bundleFolder() {
    return out.resolve("bundle");
  }

  /**
   * Audits and splits an archive and writes the shards.
   *
   * @param source the archive or a folder of the same layout
   * @throws DeepXrayException if the source is no such archive or has too many bad files
   * @throws IOException if something cannot be read or written
   */
  public PreparedDataset prepare(Path source, DatasetOptions options) throws IOException {
    return FolderLock.holding(
        out,
        () ->
            DatasetBuilder.prepare(
                source, dataFolder(), options, context.cores(), context.progress()));
  }

  /**
   * Trains on the prepared data set.
   *
   * @throws DeepXrayException if there is none or it does not fit the backbone
   * @throws IOException if something cannot be read or written
   */
  public Trainer.Result train(Backbone backbone, Trainer.Options options) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          PreparedDataset dataset = PreparedDataset.open(dataFolder());
          return new Trainer(options, context).train(dataset, backbone, trainFolder());
        });
  }

  /**
   * Prunes the backbone of the trained classifier at once and trains the head anew.
   *
   * @throws DeepXrayException if there is no classifier or no data set, or what is to be pruned
   *     does not exist
   * @throws IOException if something cannot be read or written
   */
  public Trainer.Result prune(BackbonePruner.Options options) throws IOException {
    return FolderLock.holding(
        out,
        () ->
            new BackbonePruner(options, context)
                .prune(
                    PreparedDataset.open(dataFolder()),
                    TrainedModel.load(trainFolder()),
                    pruneFolder()));
  }

  /**
   * Trains the last layers of the backbone, or all, together with the head; from the pruned
   * classifier if there is one.
   *
   * @throws DeepXrayException if there is no classifier or no data set, or it does not fit
   * @throws IOException if something cannot be read or written
   */
  public FineTuner.Result fineTune(FineTuner.Options options) throws IOException {
    return FolderLock.holding(
        out,
        () ->
            new FineTuner(options, context)
                .tune(PreparedDataset.open(dataFolder()), model(false), fineTuneFolder()));
  }

  /**
   * The classifier that the last of the training stages left.
   *
   * @throws DeepXrayException if there is none, or it was made from another one than the stage
   *     before it holds by now
   * @throws IOException if it cannot be read
   */
  public TrainedModel model() throws IOException {
    return model(true);
  }

  private TrainedModel model(boolean fineTuned) throws IOException {
    List<Path> stages = new ArrayList<>(List.of(trainFolder(), pruneFolder()));
    if (fineTuned) {
      stages.add(fineTuneFolder());
    }
    TrainedModel last = TrainedModel.load(trainFolder());
    for (Path stage : stages.subList(1, stages.size())) {
      if (Files.isRegularFile(stage.resolve(TrainedModel.DESCRIPTION))) {
        TrainedModel next = TrainedModel.load(stage);
        String before = last.model().weights().sha256();
        if (!next.description().parent().equals(Optional.of(before))) {
          throw new DeepXrayException(
              stage
                  + " holds a classifier that was made from another one than is trained now; run"
                  + " that command again or remove that folder.");
        }
        last = next;
      }
    }
    return last;
  }

  /** The folders of the trainings that led to {@link #model()}. */
  private List<Path> trainings() {
    return Stream.of(trainFolder(), pruneFolder(), fineTuneFolder())
        .filter(stage -> Files.isRegularFile(stage.resolve(TrainedModel.DESCRIPTION)))
        .toList();
  }

  /**
   * Removes what stages after training left: they would not belong to another training.
   *
   * @throws IOException if something cannot be removed
   */
  public void forget(Set<Path> kept) throws IOException {
    FolderLock.holding(
        out,
        () -> {
          for (Path stage : List.of(pruneFolder(), fineTuneFolder(), quantizeFolder())) {
            if (!kept.contains(stage)) {
              AtomicFiles.deleteRecursively(stage);
            }
          }
          return out;
        });
  }

  /**
   * Evaluates the trained classifier.
   *
   * @throws DeepXrayException if there is none, or no data set
   * @throws IOException if something cannot be read or written
   */
  public ModelMetrics evaluate() throws IOException {
    return FolderLock.holding(
        out,
        () ->
            new Evaluator(context)
                .evaluate(PreparedDataset.open(dataFolder()), model(), evaluationFolder()));
  }

  /**
   * Makes smaller and faster forms of the trained classifier, for the bundle.
   *
   * @throws DeepXrayException if there is no classifier or no data set, or a layer to keep in
   *     floats does not exist
   * @throws IOException if something cannot be read or written
   */
  public List<Quantizer.Result> quantize(Quantizer.Options options) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          List<Quantizer.Result> results =
              new Quantizer(options, context)
                  .quantize(PreparedDataset.open(dataFolder()), model(), quantizeFolder());
          for (Quantizer.Result result : results) {
            for (String report : result.form().reports()) {
              LayerReportPage.drawBeside(quantizeFolder().resolve(report));
            }
          }
          return results;
        });
  }

  /**
   * Writes the bundle.
   *
   * @param name what to call the model
   * @param purpose a sentence for the model card that says what the model does
   * @throws DeepXrayException if the classifier was not trained or not evaluated
   * @throws IOException if something cannot be read or written
   */
  public Bundle export(String name, String purpose) throws IOException {
    PreparedDataset dataset = PreparedDataset.open(dataFolder());
    return export(name, purpose, DatasetOrigin.of(dataset.manifest().audit()));
  }

  /**
   * Writes the bundle of a classifier whose images are known to come from somewhere.
   *
   * @param name what to call the model
   * @param purpose a sentence for the model card that says what the model does
   * @param origin where the images come from
   * @throws DeepXrayException if the classifier was not trained or not evaluated
   * @throws IOException if something cannot be read or written
   */
  public Bundle export(String name, String purpose, DatasetOrigin origin) throws IOException {
    return FolderLock.holding(
        out,
        () ->
            new BundleWriter(name, purpose, origin, config, bundleOptions, context)
                .write(
                    model(),
                    PreparedDataset.open(dataFolder()),
                    evaluationFolder(),
                    quantizeFolder(),
                    trainings(),
                    bundleFolder()));
  }

  /**
   * Writes the trained classifier as a bundle has it in {@code model-float32.tflite}, without the
   * rest of the bundle.
   *
   * @param name what to call the model
   * @param purpose a sentence that says what the model does
   * @throws DeepXrayException if there is no classifier or no data set
   * @throws IOException if something cannot be read or written
   */
  public Path writeFloat32(String name, String purpose) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          DatasetManifest dataset = PreparedDataset.open(dataFolder()).manifest();
          Path file = out.resolve(Bundle.TFLITE_FLOAT32);
          new BundleWriter(
                  name, purpose, DatasetOrigin.of(dataset.audit()), config, bundleOptions, context)
              .writeFloat32(model(), dataset.profile(), file);
          return file;
        });
  }

  /**
   * Verifies the bundle on the test split.
   *
   * @throws DeepXrayException if there is no bundle or an artifact cannot be loaded
   * @throws IOException if something cannot be read
   */
  public BundleVerifier.Report verify() throws IOException {
    return new BundleVerifier(context.cores(), context.progress())
        .verify(Bundle.open(bundleFolder()), PreparedDataset.open(dataFolder()));
  }

  /** Describes a pipeline. */
  public static final class Builder {
    private final Path out;
    private Path data;
    private Context context;
    private Map<String, String> config = Map.of();
    private BundleWriter.Options bundleOptions = BundleWriter.Options.DEFAULT;

    private Builder(Path out) {
      this.out = out;
      this.data = out.resolve("data");
      this.context = Context.of(new TfLiteEngineFactory(), out.resolve("cache"));
    }

    /** Where the prepared data set is; several pipelines may share it. */
    public Builder optData(Path folder) {
      data = folder;
      return this;
    }

    /** Where embeddings are kept; several pipelines may share it one after another. */
    public Builder optCache(Path folder) {
      context = context.withCache(folder);
      return this;
    }

    /** What runs backbone and head; TFLite by default, the faster one on CPUs. */
    public Builder optEngine(EngineFactory factory) {
      context = context.withEngines(factory);
      return this;
    }

    /** How many processor cores to use; all by default. */
    public Builder optCores(int number) {
      context = context.withCores(number);
      return this;
    }

    /** Told how far each stage is. */
    public Builder optProgress(Progress listening) {
      context = context.withProgress(listening);
      return this;
    }

    /** Told of every epoch. */
    public Builder optListener(TrainingListener listening) {
      context = context.withListener(listening);
      return this;
    }

    /** After how many epochs of a head's training a checkpoint is written; 10 by default. */
    public Builder optCheckpointEvery(int epochs) {
      context = context.withCheckpointEvery(epochs);
      return this;
    }

    /** Every stage starts anew, whatever an earlier run of it left; by default it goes on. */
    public Builder optStartAnew() {
      context = context.startingAnew();
      return this;
    }

    /** The effective options by name, for the provenance. */
    public Builder optConfig(Map<String, String> options) {
      config = Map.copyOf(options);
      return this;
    }

    /** How the bundle is written and what its gate lets through. */
    public Builder optBundle(BundleWriter.Options options) {
      bundleOptions = options;
      return this;
    }

    /** The pipeline. */
    public Pipeline build() {
      return new Pipeline(this);
    }
  }
}
