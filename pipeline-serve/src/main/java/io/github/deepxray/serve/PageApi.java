package io.github.deepxray.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.classify.Prediction;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.io.Json;
import java.util.Optional;
import java.util.OptionalLong;

/** The JSON that the page asks for. */
final class PageApi {
  private final Versions versions;
  private final ServerOptions options;

  PageApi(Versions versions, ServerOptions options) {
    this.versions = versions;
    this.options = options;
  }

  /**
   * Holds the newest version.
   *
   * @throws ApiException if there is none
   */
  ModelVersion acquire() {
    return versions
        .acquire(OptionalLong.empty())
        .orElseThrow(() -> ApiException.unavailable("No model is loaded; try again later."));
  }

  /** What is served. */
  byte[] model() {
    ModelVersion model = acquire();
    try {
      ObjectNode json = Json.object();
      json.put("name", options.name());
      json.put("version", Long.toString(model.number()));
      json.put("engine", model.artifact().key());
      ArrayNode labels = json.putArray("labels");
      model.labels().forEach(labels::add);
      json.set("profile", model.profile());
      model.threshold().ifPresent(threshold -> json.put("threshold", threshold));
      json.put("explain", model.explains());
      json.set("modelCard", model.card());
      json.set("metrics", model.metrics());
      json.set("artifacts", model.artifacts());
      return Bodies.text(Json.compact(json));
    } finally {
      model.release();
    }
  }

  /**
   * The work of classifying one image.
   *
   * @param file JPEG or PNG
   */
  Work classify(byte[] file) {
    return new Work() {
      private int height;
      private int width;
      private Optional<RgbImage> seen = Optional.empty();

      @Override
      public ImageSource images(ModelVersion model) {
        return new ImageSource() {
          @Override
          public int count() {
            return 1;
          }

          @Override
          public void fill(int index, float[] target, int offset, Checkpoint checkpoint) {
            RgbImage image = ImageSource.decode(file, "The image", options.imageLimits());
            checkpoint.pass();
            height = image.height();
            width = image.width();
            RgbImage small = Resizer.resize(image, model.height(), model.width());
            small.copyTo(target, offset);
            if (model.explains()) {
              seen = Optional.of(small);
            }
          }
        };
      }

      @Override
      public byte[] answer(ModelVersion model, float[] probabilities, int worker) {
        Prediction prediction = model.decide(probabilities);
        Optional<HeatMap> heatMap = seen.flatMap(image -> model.explain(worker, image));
        return Bodies.json(
            json -> {
              json.writeStartObject();
              json.writeStringField("label", prediction.label());
              if (prediction.threshold().isPresent()) {
                // The numbers below are rounded: who compares them may find otherwise.
                json.writeBooleanField(
                    "positive", prediction.label().equals(model.labels().get(1)));
                json.writeNumberField("probability", (float) prediction.probability());
                json.writeNumberField("threshold", prediction.threshold().getAsDouble());
              } else {
                json.writeNumberField("probability", (float) prediction.probability());
                json.writeArrayFieldStart("probabilities");
                for (float probability : probabilities) {
                  json.writeNumber(probability);
                }
                json.writeEndArray();
              }
              json.writeNumberField("width", width);
              json.writeNumberField("height", height);
              if (heatMap.isPresent()) {
                HeatMap map = heatMap.get();
                json.writeObjectFieldStart("heatMap");
                json.writeNumberField("width", map.width());
                json.writeNumberField("height", map.height());
                json.writeArrayFieldStart("values");
                for (float value : map.values()) {
                  json.writeNumber(value);
                }
                json.writeEndArray();
                json.writeEndObject();
              }
              json.writeEndObject();
            });
      }
    };
  }

  /** The names of the samples. */
  static byte[] names(Samples samples) {
    return Bodies.text(Json.compact(samples.names()));
  }
}
