package io.github.deepxray.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.internal.io.Json;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * REST interface of TensorFlow Serving 2: paths, bodies, errors and status codes.
 *
 * @see <a href="https://www.tensorflow.org/tfx/serving/api_rest">RESTful API of TensorFlow
 *     Serving</a>
 */
final class TensorFlowServing {
  private static final String VERSION = "(?:/versions/(?<version>\\d+)|/labels/(?<label>[^/:]+))?";

  private static final Pattern PREDICTION =
      Pattern.compile(
          "(?i)/v1/models/(?<name>[^/:]+)" + VERSION + ":(?<method>classify|regress|predict)");

  private static final Pattern STATUS =
      Pattern.compile("(?i)/v1/models(?:/(?<name>[^/:]+))?" + VERSION + "(?<metadata>/metadata)?");

  private final Versions versions;
  private final ServerOptions options;

  TensorFlowServing(Versions versions, ServerOptions options) {
    this.versions = versions;
    this.options = options;
  }

  /** Model and version of a path. */
  private record Target(String name, OptionalLong version) {
    @Override
    public String toString() {
      return version.isPresent()
          ? "Specific(" + name + ", " + version.getAsLong() + ")"
          : "Latest(" + name + ")";
    }
  }

  /**
   * Request for predictions.
   *
   * @param method {@code predict} or {@code classify}
   * @param model retains and returns the version; may throw {@link ApiException}
   * @param task creates the task from the body, which is decompressed when read
   */
  record Call(
      String method,
      Supplier<ModelVersion> model,
      Function<Supplier<byte[]>, InferenceTask> task) {}

  /**
   * Parses the path of a request that runs the model.
   *
   * @throws ApiException if the path is another one
   */
  Call call(String method, String path) {
    Matcher matcher = PREDICTION.matcher(path);
    if (!method.equals("POST") || !matcher.matches()) {
      throw malformed(method, path);
    }
    String verb = matcher.group("method").toLowerCase(Locale.ROOT);
    Target target = target(matcher);
    if (verb.equals("regress")) {
      throw ApiException.badRequest(
          "The model has no signature of method tensorflow/serving/regress; use :predict.");
    }
    return new Call(
        verb, () -> acquire(target), verb.equals("predict") ? this::predict : this::classify);
  }

  /**
   * Answers a request about the model.
   *
   * @throws ApiException if the request is malformed, or the model is not served
   */
  byte[] describe(String method, String path) {
    Matcher matcher = STATUS.matcher(path);
    if (!method.equals("GET") || !matcher.matches()) {
      throw malformed(method, path);
    }
    if (matcher.group("name") == null) {
      throw ApiException.badRequest("Missing model name in request.");
    }
    Target target = target(matcher);
    return matcher.group("metadata") == null ? status(target) : metadata(target);
  }

  private static ApiException malformed(String method, String path) {
    return ApiException.badRequest("Malformed request: " + method + " " + path);
  }

  private Target target(Matcher matcher) {
    String name = decode(matcher.group("name"));
    String version = matcher.group("version");
    String label = matcher.group("label");
    if (label != null) {
      String decoded = decode(label);
      if (!name.equals(options.name())) {
        throw ApiException.notFound("Servable not found for request: Latest(" + name + ")");
      }
      return new Target(name, OptionalLong.of(versions.labelled(decoded)));
    }
    if (version == null) {
      return new Target(name, OptionalLong.empty());
    }
    try {
      return new Target(name, OptionalLong.of(Long.parseLong(version)));
    } catch (NumberFormatException e) {
      throw ApiException.badRequest("Failed to convert version: " + version + " to numeric.");
    }
  }

  private static String decode(String text) {
    try {
      // A plus sign in a path is not a space.
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw ApiException.badRequest("Failed to decode model name: " + text);
    }
  }

  private ModelVersion acquire(Target target) {
    Optional<ModelVersion> model =
        target.name.equals(options.name()) ? versions.acquire(target.version) : Optional.empty();
    return model.orElseThrow(
        () -> ApiException.notFound("Servable not found for request: " + target));
  }

  private byte[] status(Target target) {
    List<Versions.Status> all =
        versions.statuses().stream()
            .filter(
                status -> target.version.isEmpty() || target.version.getAsLong() == status.number())
            .toList();
    if (!target.name.equals(options.name()) || all.isEmpty()) {
      throw ApiException.notFound(
          target.version.isPresent()
              ? "Could not find version " + target.version.getAsLong() + " of model " + target.name
              : "Could not find any versions of model " + target.name);
    }
    ObjectNode json = Json.object();
    ArrayNode list = json.putArray("model_version_status");
    for (Versions.Status status : all) {
      list.addObject()
          .put("version", Long.toString(status.number()))
          .put("state", status.state().name())
          .putObject("status")
          .put("error_code", status.error().isPresent() ? "INTERNAL" : "OK")
          .put("error_message", status.error().orElse(""));
    }
    return Bodies.json(json);
  }

  private byte[] metadata(Target target) {
    ModelVersion model = acquire(target);
    try {
      ObjectNode json = Json.object();
      json.putObject("model_spec")
          .put("name", target.name)
          .put("signature_name", "")
          .put("version", Long.toString(model.number()));
      ObjectNode signatures =
          json.putObject("metadata").putObject("signature_def").putObject("signature_def");
      for (Signatures signature : Signatures.in(model)) {
        signatures.set(signature.key(), signature.describe(model));
      }
      return Bodies.json(json);
    } finally {
      model.release();
    }
  }

  private InferenceTask predict(Supplier<byte[]> body) {
    return new InferenceTask() {
      private boolean rows;
      private Signatures signature = Signatures.SERVING_DEFAULT;

      @Override
      public ImageSource images(ModelVersion model) {
        JsonRequest request = JsonRequest.parse(body.get(), options.maxImages());
        signature = Signatures.of(request.signature(), model);
        if (request.instances().isPresent() && request.inputs().isPresent()) {
          throw ApiException.badRequest(
              "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to"
                  + " exist");
        }
        rows = request.instances().isPresent();
        Tensor tensor =
            request
                .instances()
                .map(signature::row)
                .or(() -> request.inputs().map(signature::column))
                .orElseThrow(() -> ApiException.badRequest("Missing 'inputs' or 'instances' key"));
        return signature.images(tensor, model, options);
      }

      @Override
      public byte[] answer(ModelVersion model, List<float[][]> outputs, int worker) {
        ObjectNode json = Json.object();
        ArrayNode images = json.putArray(rows ? "predictions" : "outputs");
        for (float[][] of : outputs) {
          ArrayNode image = images.addArray();
          for (float value : signature.values(of)) {
            image.add(value);
          }
        }
        return Bodies.json(json);
      }
    };
  }

  private InferenceTask classify(Supplier<byte[]> body) {
    return new InferenceTask() {
      @Override
      public ImageSource images(ModelVersion model) {
        return Signatures.examples(
            JsonRequest.parse(body.get(), options.maxImages()), model, options);
      }

      @Override
      public byte[] answer(ModelVersion model, List<float[][]> outputs, int worker) {
        ObjectNode json = Json.object();
        ArrayNode results = json.putArray("results");
        List<String> labels = model.labels();
        for (float[][] of : outputs) {
          float[] scores = of[0];
          ArrayNode image = results.addArray();
          for (int c = 0; c < labels.size(); c++) {
            float score = scores.length > 1 ? scores[c] : c == 0 ? 1 - scores[0] : scores[0];
            image.addArray().add(labels.get(c)).add(score);
          }
        }
        return Bodies.json(json);
      }
    };
  }
}
