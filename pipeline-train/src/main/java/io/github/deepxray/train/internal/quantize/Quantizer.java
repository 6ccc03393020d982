package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.internal.stage.StageManifest;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes smaller and faster forms of a trained classifier and chooses, on the validation split
 * alone, what there is to choose: the layers that stay in floats, whether the head is trained anew
 * on the integer features, and the threshold.
 *
 * @param options how to quantize
 * @param context the surroundings to quantize in; quantized models run in TFLite if the engine does
 *     not compute in integers
 */
public record Quantizer(FormsSpec options, Context context) {
  /** The context in whose engine quantized models run. */
  static Context integers(Context context) {
    return context.engines().computesInIntegers()
        ? context
        : context.withEngines(new TfLiteEngineFactory());
  }

  /**
   * What was made.
   *
   * @param form the file and its threshold
   * @param floatLayers the layers that the search keeps in floats besides those named
   * @param searchFailed whether there was a search and no set of layers within its limits brings
   *     the form through the gate; it is then the last one that was tried
   * @param refitted whether the head was trained anew
   * @param validation the form against the trained model on the validation split
   */
  public record Result(
      QuantizedForms.Form form,
      Set<String> floatLayers,
      boolean searchFailed,
      boolean refitted,
      Comparison validation) {
    /** Copies the set. */
    public Result {
      floatLayers = Collections.unmodifiableSet(new TreeSet<>(floatLayers));
    }

    /** A line for people. */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s: validation AUC %.4f (%+.4f), accuracy %+.4f, correlation %.4f%s%s%s%s",
          form.artifact(),
          validation.of(Metric.AUC).value(),
          validation.difference(Metric.AUC).value(),
          validation.difference(Metric.ACCURACY).value(),
          validation.correlation(),
          form.threshold().isPresent()
              ? String.format(Locale.ROOT, ", threshold %.4f", form.threshold().getAsDouble())
              : "",
          refitted ? ", head trained anew" : "",
          floatLayers.isEmpty() ? "" : ", in floats: " + String.join(", ", floatLayers),
          searchFailed ? "; no layers to keep in floats found within the limits" : "");
    }
  }

  /**
   * Quantizes, and writes {@code quantized.json} with its files. If the folder holds what was made
   * of the same classifier with the same options, that is the result.
   *
   * @param dataset what the classifier was trained on
   * @param model the trained classifier
   * @param folder where to write; what was there is replaced as a whole
   * @throws DeepXrayException if the classifier was trained on other data, or a layer to keep in
   *     floats does not exist
   * @throws IOException if something cannot be read or written
   */
  public List<Result> quantize(PreparedDataset dataset, TrainedModel model, Path folder)
      throws IOException {
    model.requireTrainedOn(dataset, "; train again or give that data set.");
    Stage stage = stage(dataset, model);
    StageManifest manifest = new StageManifest(folder, stage);
    Optional<Finished> done =
        context.resumes() ? manifest.outcome(Finished.class) : Optional.empty();
    if (done.isPresent()) {
      context.progress().note(manifest.told());
      return done.get().results();
    }
    AtomicFiles.requireOwn(folder, QuantizedForms.FILE);
    QuantizerRun run = QuantizerRun.of(options, context, dataset, model);
    List<Result> results = new ArrayList<>();
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
                  results.stream().map(Result::form).toList()));
          new StageManifest(partial, stage.writing(files(results))).keep(new Finished(results));
        });
    return List.copyOf(results);
  }

  private static List<String> files(List<Result> results) {
    List<String> files = new ArrayList<>(List.of(QuantizedForms.FILE));
    for (Result result : results) {
      files.add(result.form().file());
      files.addAll(result.form().reports());
    }
    return files;
  }

  /** What is told again of a stage that came to its end. */
  record Finished(List<Result> results) {
    Finished {
      results = List.copyOf(results);
    }
  }

  private Stage stage(PreparedDataset dataset, TrainedModel model) {
    return Stage.of("quantization", options)
        .reading("data", dataset.fingerprint())
        .reading("model", model.fingerprint())
        .computedBy(context.engines())
        .computedBy(integers(context).engines());
  }
}
