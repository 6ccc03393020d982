package io.github.deepxray.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.internal.io.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Signatures of the model, the same as those of a bundle's SavedModel: images as numbers, and as
 * JPEG or PNG files; for a model with an input guard also its unfamiliarity.
 */
enum Signatures {
  /** Reads {@code images}, 32-bit floats {@code [N, H, W, 3]} with values 0..255. */
  SERVING_DEFAULT("serving_default", ModelVersion.IMAGES, "DT_FLOAT") {
    @Override
    ImageSource images(Tensor tensor, ModelVersion model, ServerOptions options) {
      return numbers(tensor, model, options);
    }
  },
  /** Reads {@code image_bytes}, files {@code [N]}. */
  SERVING_BYTES("serving_bytes", "image_bytes", "DT_STRING") {
    @Override
    ImageSource images(Tensor tensor, ModelVersion model, ServerOptions options) {
      List<byte[]> files = tensor.strings();
      if (tensor.shape().size() != 1) {
        throw ApiException.badRequest(
            "Input " + input() + " has shape " + tensor.shape() + "; expected [N].");
      }
      return limited(
          files.size(),
          options,
          () -> ImageSource.ofFiles(files, model::fit, options.imageLimits()));
    }
  },
  /** Reads {@code images} and returns their unfamiliarity; of models with an input guard only. */
  UNFAMILIARITY(ModelNotes.UNFAMILIARITY, ModelVersion.IMAGES, "DT_FLOAT") {
    @Override
    ImageSource images(Tensor tensor, ModelVersion model, ServerOptions options) {
      return numbers(tensor, model, options);
    }

    @Override
    boolean isIn(ModelVersion model) {
      return model.unfamiliarityLimit().isPresent();
    }

    @Override
    float[] values(float[][] outputs) {
      return outputs[1];
    }

    @Override
    ObjectNode output(ModelVersion model) {
      return Json.object()
          .set(ModelNotes.UNFAMILIARITY, tensor(ModelNotes.UNFAMILIARITY, FLOAT, List.of(-1, 1)));
    }
  };

  private static final String FLOAT = "DT_FLOAT";

  private final String key;
  private final String input;
  private final String type;

  Signatures(String key, String input, String type) {
    this.key = key;
    this.input = input;
    this.type = type;
  }

  /** Signatures of a model. */
  static List<Signatures> in(ModelVersion model) {
    return Arrays.stream(values()).filter(signature -> signature.isIn(model)).toList();
  }

  /** Whether a model has the signature. */
  boolean isIn(ModelVersion model) {
    return true;
  }

  /** Returns the values that answer a request, of the outputs for one image. */
  float[] values(float[][] outputs) {
    return outputs[0];
  }

  /** Returns the description of the output, by its name. */
  ObjectNode output(ModelVersion model) {
    return Json.object()
        .set(model.output(), tensor(model.output(), FLOAT, List.of(-1, model.scores())));
  }

  /** Name in requests. */
  String key() {
    return key;
  }

  /** Name of the only input. */
  String input() {
    return input;
  }

  /**
   * Returns the images of a tensor.
   *
   * @throws ApiException if the tensor has another type or shape, or too many images
   */
  abstract ImageSource images(Tensor tensor, ModelVersion model, ServerOptions options);

  private static ImageSource numbers(Tensor tensor, ModelVersion model, ServerOptions options) {
    float[] values = tensor.floats();
    List<Integer> shape = tensor.shape();
    if (shape.size() != 4
        || !shape.subList(1, 4).equals(List.of(model.height(), model.width(), 3))) {
      throw ApiException.badRequest(
          "Input %s has shape %s; expected [N, %s, %s, 3]."
              .formatted(ModelVersion.IMAGES, shape, model.height(), model.width()));
    }
    return limited(shape.get(0), options, () -> ImageSource.ofFloats(values, shape.get(0)));
  }

  private static ImageSource limited(
      int count, ServerOptions options, Supplier<ImageSource> images) {
    if (count < 1 || count > options.maxImages()) {
      throw ApiException.badRequest(
          "The request has " + count + " images; send 1 to " + options.maxImages() + ".");
    }
    return images.get();
  }

  /**
   * Returns the signature that a request names.
   *
   * @throws ApiException if the model has no signature of that name
   */
  static Signatures of(Optional<String> name, ModelVersion model) {
    String wanted = name.orElse(SERVING_DEFAULT.key);
    for (Signatures signature : in(model)) {
      if (signature.key.equals(wanted)) {
        return signature;
      }
    }
    throw ApiException.badRequest(
        "Serving signature name: \"" + wanted + "\" not found in signature def");
  }

  /** Returns the tensor of the signature's input in the row form. */
  Tensor row(JsonRequest.Tensors tensors) {
    if (tensors.plain().isPresent()) {
      return tensors.plain().get();
    }
    if (!tensors.named().keySet().equals(Set.of(input))) {
      throw ApiException.badRequest(
          "JSON objects of 'instances' must have the keys: %s, not %s"
              .formatted(input, String.join(",", new TreeSet<>(tensors.named().keySet()))));
    }
    return tensors.named().get(input);
  }

  /** Returns the tensor of the signature's input in the columnar form. */
  Tensor column(JsonRequest.Tensors tensors) {
    return tensors
        .plain()
        .or(() -> Optional.ofNullable(tensors.named().get(input)))
        .orElseThrow(
            () ->
                ApiException.badRequest("Missing named input: " + input + " in 'inputs' object."));
  }

  /**
   * Returns the images of examples, whose features are flat lists.
   *
   * @throws ApiException if a feature has another type or shape, or there are too many examples
   */
  static ImageSource examples(JsonRequest request, ModelVersion model, ServerOptions options) {
    List<Map<String, Tensor>> examples =
        request
            .examples()
            .orElseThrow(
                () ->
                    ApiException.badRequest(
                        "When method is classify, key 'examples' is expected and was not found"));
    Optional<Signatures> named = request.signature().map(name -> of(Optional.of(name), model));
    if (named.isPresent() && named.get() == UNFAMILIARITY) {
      throw ApiException.badRequest(
          "Signature "
              + UNFAMILIARITY.key
              + " has no classes; call :predict instead of :classify.");
    }
    List<byte[]> files = new ArrayList<>();
    List<float[]> images = new ArrayList<>();
    for (int i = 0; i < examples.size(); i++) {
      Map<String, Tensor> features = new HashMap<>(request.context());
      features.putAll(examples.get(i));
      // Without a name, the feature determines the signature.
      Signatures signature =
          named.orElse(features.containsKey(SERVING_BYTES.input) ? SERVING_BYTES : SERVING_DEFAULT);
      Tensor feature = features.get(signature.input);
      if (feature == null) {
        throw ApiException.badRequest("Example " + i + " has no feature " + signature.input + ".");
      }
      String what = "Feature: " + signature.input + " of example " + i;
      if (signature == SERVING_BYTES) {
        files.add(file(what, feature));
      } else {
        images.add(pixels(what, feature, model.height() * model.width() * 3));
      }
    }
    if (!files.isEmpty() && !images.isEmpty()) {
      throw ApiException.badRequest("All examples must have the same features.");
    }
    return limited(
        examples.size(),
        options,
        () ->
            images.isEmpty()
                ? ImageSource.ofFiles(files, model::fit, options.imageLimits())
                : ofPixels(images));
  }

  private static ImageSource ofPixels(List<float[]> images) {
    return new ImageSource(
        images.size(),
        (index, target, offset, checkpoint) -> {
          System.arraycopy(images.get(index), 0, target, offset, images.get(index).length);
          return Map.of();
        });
  }

  private static byte[] file(String what, Tensor feature) {
    if (feature.strings().size() != 1) {
      throw ApiException.badRequest(what + " must be one file.");
    }
    return feature.strings().get(0);
  }

  private static float[] pixels(String what, Tensor feature, int count) {
    float[] values = feature.floats();
    if (values.length != count) {
      throw ApiException.badRequest(
          what + " has " + values.length + " values; expected " + count + ".");
    }
    return values;
  }

  /** Returns the description of the signature in TensorFlow Serving's metadata format. */
  ObjectNode describe(ModelVersion model) {
    ObjectNode json = Json.object();
    json.putObject("inputs")
        .set(
            input,
            tensor(
                input,
                type,
                this == SERVING_BYTES
                    ? List.of(-1)
                    : List.of(-1, model.height(), model.width(), 3)));
    json.set("outputs", output(model));
    return json.put("method_name", "tensorflow/serving/predict");
  }

  private static ObjectNode tensor(String name, String type, List<Integer> shape) {
    ObjectNode json = Json.object().put("dtype", type);
    ObjectNode sizes = json.putObject("tensor_shape");
    ArrayNode dimensions = sizes.putArray("dim");
    shape.forEach(size -> dimensions.addObject().put("size", size.toString()).put("name", ""));
    sizes.put("unknown_rank", false);
    return json.put("name", name + ":0");
  }
}
