package io.github.deepxray.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.classify.Prediction;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Json;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** JSON interface of the page. */
final class PageApi {
  private final Versions versions;
  private final ServerOptions options;

  PageApi(Versions versions, ServerOptions options) {
    this.versions = versions;
    this.options = options;
  }

  /**
   * Retains and returns the newest version.
   *
   * @throws ApiException if there is none
   */
  ModelVersion acquire() {
    return versions
        .acquire(OptionalLong.empty())
        .orElseThrow(() -> ApiException.unavailable("No model is loaded; try again later."));
  }

  /** Returns the description of the served model. */
  byte[] model() {
    ModelVersion model = acquire();
    try {
      ObjectNode json = Json.object();
      json.put("name", options.name());
      json.put("version", Long.toString(model.number()));
      json.put("engine", model.artifact().key());
      json.set("labels", Json.tree(model.labels()));
      json.set("profile", model.documents().profile());
      model.threshold().ifPresent(threshold -> json.put("threshold", threshold));
      model.unfamiliarityLimit().ifPresent(limit -> json.put("unfamiliarityLimit", limit));
      json.put("explain", model.explains());
      json.set("modelCard", model.documents().card());
      json.set("metrics", model.documents().metrics());
      json.set("artifacts", model.documents().artifacts());
      return Bodies.json(json);
    } finally {
      model.release();
    }
  }

  /**
   * Returns the task of classifying one image.
   *
   * @param file JPEG or PNG
   */
  InferenceTask classify(Supplier<byte[]> file) {
    return new Classification(file);
  }

  private final class Classification implements InferenceTask {
    private final Supplier<byte[]> file;
    private int height;
    private int width;
    private Optional<RgbImage> seen = Optional.empty();
    private Fit.Region region = new Fit.Region(0, 0, 1, 1);

    Classification(Supplier<byte[]> file) {
      this.file = file;
    }

    @Override
    public ImageSource images(ModelVersion model) {
      byte[] bytes = file.get();
      return new ImageSource(
          1,
          (index, target, offset, checkpoint) -> {
            RgbImage image = ImageSource.decode(bytes, "The image", options.imageLimits());
            checkpoint.run();
            height = image.height();
            width = image.width();
            region = model.region(image);
            RgbImage small = model.fit(image);
            small.copyTo(target, offset);
            if (model.explains()) {
              seen = Optional.of(small);
            }
            return ImageSource.size(image);
          });
    }

    @Override
    public byte[] answer(ModelVersion model, List<float[][]> outputs, int worker) {
      Prediction prediction = model.decide(outputs.get(0));
      ObjectNode json = Json.object().put("label", prediction.label());
      if (prediction.threshold().isPresent()) {
        // Decided here, because the numbers below are rounded.
        json.put("positive", prediction.label().equals(model.labels().get(1)))
            .put("probability", (float) prediction.probability())
            .put("threshold", prediction.threshold().getAsDouble());
      } else {
        json.put("probability", (float) prediction.probability())
            .set("probabilities", Json.tree(outputs.get(0)[0]));
      }
      prediction
          .unfamiliarity()
          .ifPresent(
              guard ->
                  json.put("unfamiliar", guard.exceeded())
                      .put("unfamiliarity", (float) guard.value())
                      .put("unfamiliarityLimit", guard.limit()));
      json.put("width", width).put("height", height);
      seen.flatMap(image -> model.explain(worker, image))
          .ifPresent(
              map ->
                  json.putObject("heatMap")
                      .put("width", map.width())
                      .put("height", map.height())
                      .<ObjectNode>set("region", Json.tree(region))
                      .set("values", Json.tree(map.values())));
      return Bodies.json(json);
    }
  }

  /** Returns the names of the samples. */
  static byte[] names(Samples samples) {
    return Bodies.json(Json.tree(samples.names()));
  }
}
