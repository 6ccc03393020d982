package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.FolderLock;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.export.internal.BundleVerifier;
import io.github.deepxray.export.internal.BundleWriter;
import io.github.deepxray.report.internal.LayerReportPage;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.FineTuningResult;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.QuantizationResult;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingResult;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.BackbonePruner;
import io.github.deepxray.train.internal.Evaluator;
import io.github.deepxray.train.internal.Guarding;
import io.github.deepxray.train.internal.Trainer;
import io.github.deepxray.train.internal.finetune.FineTuner;
import io.github.deepxray.train.internal.quantize.Quantizer;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Pipeline from an archive of X-rays to a verified bundle. Each stage writes one folder below the
 * output folder. {@link #run} runs all stages, as {@code deepxray run} does. A stage reads the
 * folder of the previous stage, so each stage can be run alone; an interrupted stage leaves no
 * incomplete files and resumes from its last checkpoint.
 *
 * <ul>
 *   <li>{@code data}: TFRecord shards and {@code dataset.json}
 *   <li>{@code cache}: embeddings
 *   <li>{@code train}: the classifier's weights, description and history
 *   <li>{@code prune}: the classifier with a pruned backbone, if requested
 *   <li>{@code finetune}: the classifier with a fine-tuned backbone, if requested
 *   <li>{@code evaluation}: metrics and predictions
 *   <li>{@code guard}: the input guard of the classifier, unless it is trained to have none
 *   <li>{@code quantize}: quantized forms of the classifier, if requested
 *   <li>{@code bundle}: the bundle to deploy
 * </ul>
 *
 * <p>Immutable. Each stage holds a lock on the output folder: while one thread or process works in
 * the folder, others fail with an error message.
 */
public final class Pipeline {
  private static final String CACHE = "cache";
  private static final List<PipelineStage> TRAININGS =
      List.of(PipelineStage.TRAIN, PipelineStage.PRUNE, PipelineStage.FINE_TUNE);

  private final Path out;
  private final Path data;
  private final Context context;
  private final PipelineListener listener;
  private final Map<String, String> config;

  private Pipeline(
      Path out, Path data, Context context, PipelineListener listener, Map<String, String> config) {
    this.out = out;
    this.data = data;
    this.context = context.withListener(listener);
    this.listener = listener;
    this.config = config;
  }

  /**
   * Returns a pipeline with TFLite as engine of the backbone, on all cores, without progress
   * output.
   *
   * @param out output folder of all stages
   */
  public static Pipeline in(Path out) {
    return new Pipeline(
        out,
        out.resolve(PipelineStage.DATA.folder()),
        Context.of(Engines.named(Engines.DEFAULT), out.resolve(CACHE)),
        PipelineListener.NONE,
        Map.of());
  }

  /**
   * Returns a copy with another folder of the prepared data set; several pipelines may share it.
   */
  public Pipeline withData(Path folder) {
    return new Pipeline(out, folder, context, listener, config);
  }

  /**
   * Returns a copy with another folder of the embedding cache; several pipelines may use it one
   * after another.
   */
  public Pipeline withCache(Path folder) {
    return new Pipeline(out, data, context.withCache(folder), listener, config);
  }

  /** Returns a copy with another engine for backbone and head. */
  public Pipeline withEngine(EngineFactory engine) {
    return new Pipeline(out, data, context.withEngines(engine), listener, config);
  }

  /**
   * Returns a copy with another number of processor cores.
   *
   * @throws DeepXrayException if the number is below 1
   */
  public Pipeline withCores(int number) {
    return new Pipeline(out, data, context.withCores(number), listener, config);
  }

  /** Returns a copy that reports the progress of each stage. */
  public Pipeline withProgress(Progress progress) {
    return new Pipeline(out, data, context.withProgress(progress), listener, config);
  }

  /** Returns a copy whose stages ignore earlier results and checkpoints. */
  public Pipeline withoutResuming() {
    return new Pipeline(out, data, context.withoutResuming(), listener, config);
  }

  /**
   * Returns a copy with another interval of checkpoints.
   *
   * @param epochs epochs of head training between two checkpoints
   * @throws DeepXrayException if the number is below 1
   */
  public Pipeline withCheckpointEvery(int epochs) {
    return new Pipeline(out, data, context.withCheckpointEvery(epochs), listener, config);
  }

  /** Returns a copy with another listener for stages, epochs and results. */
  public Pipeline withListener(PipelineListener other) {
    return new Pipeline(out, data, context, other, config);
  }

  /**
   * Returns a copy with other options for the provenance, by name; the default are those of the
   * {@link RunSpec}.
   */
  public Pipeline withConfig(Map<String, String> options) {
    return new Pipeline(out, data, context, listener, Map.copyOf(options));
  }

  /** Returns a copy with another output folder and the same data set and embedding cache. */
  Pipeline movedTo(Path folder) {
    return new Pipeline(folder, data, context, listener, config);
  }

  /** Output folder of all stages. */
  public Path out() {
    return out;
  }

  /** Context of all stages: engine, cores, cache, progress. */
  public Context context() {
    return context;
  }

  /** Returns the folder of a stage. */
  public Path folder(PipelineStage stage) {
    return stage == PipelineStage.DATA ? data : out.resolve(stage.folder());
  }

  /**
   * Runs all stages, from the images to the verified bundle.
   *
   * @throws DeepXrayException if an option is impossible (checked before any work), or the images,
   *     the weights or a stage fail
   * @throws IOException if something cannot be read, downloaded or written
   */
  public RunResult run(RunSpec spec) throws IOException {
    spec.check();
    spec.source().check();
    Pipeline told = config.isEmpty() ? withConfig(spec.options()) : this;
    return FolderLock.holding(out, () -> told.runAll(spec));
  }

  private RunResult runAll(RunSpec spec) throws IOException {
    // Weights first: they fail sooner than the data.
    BackboneModel backbone = spec.backbone().load(context.progress());
    listener.onStage(PipelineStage.DATA);
    PreparedDataset dataset = prepare(spec.source().open(context.progress()), spec.data());
    ModelMetrics metrics = learn(spec, backbone);
    if (!spec.quantization().forms().isEmpty()) {
      quantize(spec.quantization());
    }
    ExportResult exported = export(ModelPurpose.of(spec.name(), dataset.manifest()), spec.bundle());
    listener.onFinished();
    return RunResult.of(exported, metrics);
  }

  /** Trains on the prepared data set, prunes and fine-tunes if requested, and evaluates. */
  ModelMetrics learn(RunSpec spec, BackboneModel backbone) throws IOException {
    train(backbone, spec.training());
    Set<PipelineStage> kept = EnumSet.noneOf(PipelineStage.class);
    spec.pruning().ifPresent(options -> kept.add(PipelineStage.PRUNE));
    spec.fineTuning().ifPresent(options -> kept.add(PipelineStage.FINE_TUNE));
    if (!spec.quantization().forms().isEmpty() && context.resumes()) {
      kept.add(PipelineStage.QUANTIZE);
    }
    deleteLaterStages(kept);
    if (spec.pruning().isPresent()) {
      prune(spec.pruning().get());
    }
    if (spec.fineTuning().isPresent()) {
      fineTune(spec.fineTuning().get());
    }
    return evaluate();
  }

  /**
   * Audits and splits an archive and writes the shards.
   *
   * @param source the archive or a folder of the same layout
   * @throws DeepXrayException if the source has another layout or too many bad files
   * @throws IOException if something cannot be read or written
   */
  public PreparedDataset prepare(Path source, DatasetOptions options) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          PreparedDataset dataset =
              PreparedDataset.prepare(source, data, options, context.cores(), context.progress());
          listener.onPrepared(dataset);
          return dataset;
        });
  }

  /**
   * Reads the prepared data set.
   *
   * @throws DeepXrayException if there is none
   * @throws IOException if it cannot be read
   */
  public PreparedDataset dataset() throws IOException {
    return PreparedDataset.open(data);
  }

  /**
   * Trains the head on the prepared data set.
   *
   * @throws DeepXrayException if the data set is missing or does not fit the backbone
   * @throws IOException if something cannot be read or written
   */
  public TrainingResult train(BackboneModel backbone, TrainingSpec options) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          PreparedDataset dataset = dataset();
          listener.onStage(PipelineStage.TRAIN);
          TrainingResult result =
              new Trainer(options, context).train(dataset, backbone, folder(PipelineStage.TRAIN));
          listener.onTrained(this, result);
          return result;
        });
  }

  /**
   * Prunes the backbone of the trained classifier in one step and trains the head again.
   *
   * @throws DeepXrayException if the classifier, the data set or a layer to prune is missing
   * @throws IOException if something cannot be read or written
   */
  public TrainingResult prune(BackbonePruningSpec options) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          PreparedDataset dataset = dataset();
          TrainedModel trained = TrainedModel.load(folder(PipelineStage.TRAIN));
          listener.onStage(PipelineStage.PRUNE);
          TrainingResult result =
              new BackbonePruner(options, context)
                  .prune(dataset, trained, folder(PipelineStage.PRUNE));
          listener.onPruned(this, result);
          return result;
        });
  }

  /**
   * Fine-tunes the last layers of the backbone, or all layers, together with the head; starts from
   * the pruned classifier if there is one.
   *
   * @throws DeepXrayException if the classifier or the data set is missing or does not fit
   * @throws IOException if something cannot be read or written
   */
  public FineTuningResult fineTune(FineTuningSpec options) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          PreparedDataset dataset = dataset();
          TrainedModel trained = lastOf(List.of(PipelineStage.TRAIN, PipelineStage.PRUNE));
          listener.onStage(PipelineStage.FINE_TUNE);
          FineTuningResult result =
              new FineTuner(options, context)
                  .tune(dataset, trained, folder(PipelineStage.FINE_TUNE));
          listener.onFineTuned(this, result);
          return result;
        });
  }

  /**
   * Reads the classifier of the last training stage.
   *
   * @throws DeepXrayException if there is none, or the previous stage has been run again since
   * @throws IOException if it cannot be read
   */
  public TrainedModel model() throws IOException {
    return lastOf(TRAININGS);
  }

  private TrainedModel lastOf(List<PipelineStage> stages) throws IOException {
    TrainedModel last = TrainedModel.load(folder(stages.get(0)));
    for (PipelineStage stage : stages.subList(1, stages.size())) {
      if (holdsClassifier(stage)) {
        TrainedModel next = TrainedModel.load(folder(stage));
        String before = last.model().weights().sha256();
        if (!next.description().parent().equals(Optional.of(before))) {
          throw new DeepXrayException(
              folder(stage)
                  + " holds a classifier that was made from another one than is trained now; run"
                  + " that command again or remove that folder.");
        }
        last = next;
      }
    }
    return last;
  }

  private boolean holdsClassifier(PipelineStage stage) {
    return Files.isRegularFile(folder(stage).resolve(TrainedModel.DESCRIPTION));
  }

  /** Removes the results of stages after training, which belong to an earlier training. */
  private void deleteLaterStages(Set<PipelineStage> kept) throws IOException {
    for (PipelineStage stage :
        List.of(PipelineStage.PRUNE, PipelineStage.FINE_TUNE, PipelineStage.QUANTIZE)) {
      if (!kept.contains(stage)) {
        AtomicFiles.deleteRecursively(folder(stage));
      }
    }
  }

  /**
   * Evaluates the trained classifier on the validation and the test split.
   *
   * @throws DeepXrayException if the classifier or the data set is missing
   * @throws IOException if something cannot be read or written
   */
  public ModelMetrics evaluate() throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          PreparedDataset dataset = dataset();
          TrainedModel trained = model();
          listener.onStage(PipelineStage.EVALUATE);
          ModelMetrics metrics =
              new Evaluator(context).evaluate(dataset, trained, folder(PipelineStage.EVALUATE));
          listener.onEvaluated(this, metrics);
          return metrics;
        });
  }

  /**
   * Fits the input guard of the trained classifier, if it was not fitted yet; {@link #quantize} and
   * {@link #export} do so, too.
   *
   * @return the guard; {@link InputGuard#NONE} if the classifier was trained to have none
   * @throws DeepXrayException if the classifier or the data set is missing
   * @throws IOException if something cannot be read or written
   */
  public InputGuard guard() throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          listener.onStage(PipelineStage.GUARD);
          return new Guarding(context).guard(dataset(), model(), folder(PipelineStage.GUARD));
        });
  }

  /**
   * Creates quantized forms of the trained classifier for the bundle.
   *
   * @throws DeepXrayException if the classifier, the data set or a layer to keep in floats is
   *     missing
   * @throws IOException if something cannot be read or written
   */
  public List<QuantizationResult> quantize(FormsSpec options) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          InputGuard guard = guard();
          listener.onStage(PipelineStage.QUANTIZE);
          List<QuantizationResult> results =
              new Quantizer(options, context)
                  .quantize(dataset(), model(), guard, folder(PipelineStage.QUANTIZE));
          for (QuantizationResult result : results) {
            for (String report : result.form().reports()) {
              LayerReportPage.drawBeside(folder(PipelineStage.QUANTIZE).resolve(report));
            }
            listener.onQuantized(result);
          }
          return results;
        });
  }

  /**
   * Writes the bundle and verifies each artifact.
   *
   * @param purpose name and intended use of the model
   * @param options options of the bundle and its gate
   * @throws DeepXrayException if the classifier was not trained or not evaluated
   * @throws IOException if something cannot be read or written
   */
  public ExportResult export(ModelPurpose purpose, BundleSpec options) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          InputGuard guard = guard();
          listener.onStage(PipelineStage.EXPORT);
          Bundle bundle =
              writer(purpose, options)
                  .write(
                      model(),
                      guard,
                      dataset(),
                      new BundleWriter.Stages(
                          folder(PipelineStage.EVALUATE),
                          folder(PipelineStage.QUANTIZE),
                          trainings()),
                      folder(PipelineStage.EXPORT));
          ExportResult result = new ExportResult(bundle, BundleVerifier.recorded(bundle));
          listener.onExported(purpose.name(), bundle, result.verification());
          return result;
        });
  }

  /** Returns the folders of the training stages of {@link #model()}. */
  private List<Path> trainings() {
    return TRAININGS.stream().filter(this::holdsClassifier).map(this::folder).toList();
  }

  private BundleWriter writer(ModelPurpose purpose, BundleSpec options) {
    return new BundleWriter(purpose, config, options, context);
  }

  /**
   * Writes {@code model-float32.tflite} of a bundle without the rest of the bundle.
   *
   * @throws DeepXrayException if the classifier or the data set is missing
   * @throws IOException if something cannot be read or written
   */
  Path writeFloat32(ModelPurpose purpose, BundleSpec options) throws IOException {
    return FolderLock.holding(
        out,
        () -> {
          Path file = out.resolve(Bundle.TFLITE_FLOAT32);
          writer(purpose, options).writeFloat32(model(), dataset().manifest().profile(), file);
          return file;
        });
  }
}
