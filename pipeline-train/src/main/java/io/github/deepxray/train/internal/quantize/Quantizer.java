package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.QuantizationResult;
import io.github.deepxray.train.QuantizedForms;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.internal.stage.StageManifest;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Quantization of a trained classifier into smaller and faster forms. Float layers, refitting of
 * the head on the integer features, and the threshold are chosen on the validation split only.
 *
 * @param options quantization options
 * @param context execution context; quantized models run in TFLite if the engine does not support
 *     integers
 */
public record Quantizer(FormsSpec options, Context context) {
  /** Returns the context with the engine of quantized models. */
  static Context integers(Context context) {
    return context.engines().computesInIntegers()
        ? context
        : context.withEngines(new TfLiteEngineFactory());
  }

  /**
   * Quantizes the classifier and writes {@code quantized.json} with its files. If the folder has
   * the finished result of the same classifier and options, that result is returned.
   *
   * @param dataset data set of the classifier's training
   * @param model the trained classifier
   * @param guard guard of the classifier, part of each form
   * @param folder output folder, which is replaced as a whole
   * @throws DeepXrayException if the classifier was trained on another data set, or a layer to keep
   *     in floats does not exist
   * @throws IOException if something cannot be read or written
   */
  public List<QuantizationResult> quantize(
      PreparedDataset dataset, TrainedModel model, InputGuard guard, Path folder)
      throws IOException {
    model.requireTrainedOn(dataset, "; train again or give that data set.");
    Stage stage = stage(dataset, model, guard);
    StageManifest manifest = new StageManifest(folder, stage);
    Optional<Finished> done =
        context.resumes() ? manifest.outcome(Finished.class) : Optional.empty();
    if (done.isPresent()) {
      context.progress().note(manifest.finishedMessage());
      return done.get().results();
    }
    AtomicFiles.requireOwn(folder, QuantizedForms.FILE);
    QuantizerRun run = QuantizerRun.of(options, context, dataset, model, guard);
    List<QuantizationResult> results = new ArrayList<>();
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          for (QuantizationSpec spec : options.forms()) {
            results.add(run.quantize(spec, partial));
          }
          AtomicFiles.write(
              partial.resolve(QuantizedForms.CALIBRATION),
              String.join("\n", run.examples().names()) + "\n");
          Json.write(
              partial.resolve(QuantizedForms.FILE),
              new QuantizedForms(
                  QuantizedForms.FORMAT,
                  model.model().weights().sha256(),
                  guard.fingerprint(),
                  results.stream().map(QuantizationResult::form).toList()));
          new StageManifest(partial, stage.writing(files(results))).write(new Finished(results));
        });
    return List.copyOf(results);
  }

  private static List<String> files(List<QuantizationResult> results) {
    List<String> files = new ArrayList<>(List.of(QuantizedForms.FILE));
    for (QuantizationResult result : results) {
      files.add(result.form().file());
      files.addAll(result.form().reports());
    }
    return files;
  }

  /** Stored outcome of a finished stage. */
  record Finished(List<QuantizationResult> results) {
    Finished {
      results = List.copyOf(results);
    }
  }

  private Stage stage(PreparedDataset dataset, TrainedModel model, InputGuard guard) {
    return Stage.of("quantization", options)
        .reading("data", dataset.fingerprint())
        .reading("model", model.fingerprint())
        .reading("guard", guard.fingerprint())
        .computedBy(context.engines())
        .computedBy(integers(context).engines());
  }
}
