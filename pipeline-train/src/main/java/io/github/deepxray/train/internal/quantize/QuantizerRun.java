package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.classify.internal.Gate;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.quantize.Calibration;
import io.github.deepxray.optimize.internal.quantize.Calibrator;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.tflite.internal.TfLiteEngine;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.QuantizationResult;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.ArtifactScorer;
import io.github.deepxray.train.internal.DecisionRules;
import io.github.deepxray.train.internal.TrainingImages;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Quantization of one classifier on one data set.
 *
 * @param integers context with the engine of quantized models
 * @param guard guard of the trained model's features
 * @param decision decision of the trained model
 * @param reference scores of the trained model on the validation images
 * @param examples calibration images
 */
record QuantizerRun(
    FormsSpec options,
    Context context,
    Context integers,
    PreparedDataset dataset,
    TrainedModel trained,
    InputGuard guard,
    Decision decision,
    SplitScores reference,
    TrainingImages examples) {
  /** Number of images for the quantization noise of layers. */
  private static final int ANALYSIS_IMAGES = 16;

  static QuantizerRun of(
      FormsSpec options,
      Context context,
      PreparedDataset dataset,
      TrainedModel trained,
      InputGuard guard)
      throws IOException {
    byte[] file = TfLiteWriter.toBytes(Passes.forInference().apply(trained.model()));
    return new QuantizerRun(
        options,
        context,
        Quantizer.integers(context),
        dataset,
        trained,
        guard,
        trained.description().decision().decision(),
        validate("trained", file, dataset, context),
        new TrainingImages(dataset, options.calibrationImages(), options.seed()));
  }

  /** Returns a classifier with the trained model's backbone and the guard. */
  Model guarded(Model classifier) {
    return guard.attach(classifier, trained.features());
  }

  /** Returns the first calibration images, for quantization noise. */
  RepresentativeDataset analyzed() {
    return examples.first(ANALYSIS_IMAGES);
  }

  /** Measures the activation ranges of a float model. */
  Calibration calibrate(Model exact) throws IOException {
    return new Calibrator(context.engines(), context.cores(), context.progress())
        .calibrate(exact, examples);
  }

  /** Creates a form and writes its files into a folder. */
  QuantizationResult quantize(QuantizationSpec spec, Path folder) throws IOException {
    FormMaker maker = new FormMaker(this, spec);
    return spec.mode().calibrated() ? maker.calibrated(folder) : maker.plain(folder);
  }

  /** Whether a form with these scores passes the gate. */
  boolean accepts(SplitScores scores) {
    return Gate.judge(
            options.limits(),
            Map.of(
                Split.VALIDATION.key(),
                Gate.Compared.of(reference, decision, scores, decisionFor(scores))))
        .blessed();
  }

  /** Chooses the decision for these scores. */
  Decision decisionFor(SplitScores scores) {
    return DecisionRules.decisionFor(trained.description().decision(), reference, scores);
  }

  /** Whether scores are closer to those of the trained model than other scores. */
  boolean closer(SplitScores candidate, SplitScores current) {
    return Comparison.correlation(reference, candidate)
        > Comparison.correlation(reference, current);
  }

  /** Compares scores of a form with those of the trained model. */
  Comparison compare(SplitScores scores, Decision own) {
    return Comparison.of(reference, decision, scores, own, 0);
  }

  /** Returns the bytes of the file of a form. */
  byte[] bytes(QuantizationSpec spec, Model quantized) {
    TfLiteWriter.Options form = TfLiteWriter.Options.DEFAULT.withSparse(options.sparse());
    return TfLiteWriter.toBytes(
        quantized,
        spec.mode() == QuantizationMode.INT8
            ? form.withInput(options.input()).withOutput(options.output())
            : form);
  }

  /** Returns the scores of a file on the validation images. */
  SplitScores validate(String name, byte[] file) throws IOException {
    return validate(name, file, dataset, context);
  }

  private static SplitScores validate(
      String name, byte[] file, PreparedDataset dataset, Context context) throws IOException {
    return new ArtifactScorer(dataset, context.cores(), context.progress())
        .score(
            "quantize " + name,
            threads -> TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT.withThreads(threads)),
            Split.VALIDATION)
        .scores();
  }
}
