package io.github.deepxray.serve;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The signatures of the model, which are those of a bundle's SavedModel: images as numbers, and as
 * JPEG or PNG files.
 */
enum Signatures {
  /** Reads {@code images}, 32-bit floats {@code [N, H, W, 3]} with values 0..255. */
  SERVING_DEFAULT("serving_default", ModelVersion.IMAGES, "DT_FLOAT") {
    @Override
    ImageSource images(Tensor tensor, ModelVersion model, ServerOptions options) {
      float[] values = tensor.floats();
      List<Integer> shape = tensor.shape();
      if (shape.size() != 4
          || !shape.subList(1, 4).equals(List.of(model.height(), model.width(), 3))) {
        throw ApiException.badRequest(
            "Input %s has shape %s; expected [N, %s, %s, 3]."
                .formatted(input(), shape, model.height(), model.width()));
      }
      return limited(shape.get(0), options, () -> ImageSource.ofFloats(values, shape.get(0)));
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
          () -> ImageSource.ofFiles(files, model.height(), model.width(), options.imageLimits()));
    }
  };

  private final String key;
  private final String input;
  private final String type;

  Signatures(String key, String input, String type) {
    this.key = key;
    this.input = input;
    this.type = type;
  }

  /** Its name in requests. */
  String key() {
    return key;
  }

  /** The name of its only input. */
  String input() {
    return input;
  }

  /**
   * The images of a tensor.
   *
   * @throws ApiException if it is of another type or shape, or holds too many
   */
  abstract ImageSource images(Tensor tensor, ModelVersion model, ServerOptions options);

  /** Makes images. */
  @FunctionalInterface
  interface Making {
    ImageSource make();
  }

  private static ImageSource limited(int count, ServerOptions options, Making images) {
    if (count < 1 || count > options.maxImages()) {
      throw ApiException.badRequest(
          "The request has " + count + " images; send 1 to " + options.maxImages() + ".");
    }
    return images.make();
  }

  /**
   * The signature that a request names.
   *
   * @throws ApiException if there is none of that name
   */
  static Signatures of(Optional<String> name) {
    String wanted = name.orElse(SERVING_DEFAULT.key);
    for (Signatures signature : values()) {
      if (signature.key.equals(wanted)) {
        return signature;
      }
    }
    throw ApiException.badRequest(
        "Serving signature name: \"" + wanted + "\" not found in signature def");
  }

  /** The tensor of the signature's input in the row form. */
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

  /** The tensor of the signature's input in the columnar form. */
  Tensor column(JsonRequest.Tensors tensors) {
    return tensors
        .plain()
        .or(() -> Optional.ofNullable(tensors.named().get(input)))
        .orElseThrow(
            () ->
                ApiException.badRequest("Missing named input: " + input + " in 'inputs' object."));
  }

  /**
   * The images of examples, in which features are flat lists.
   *
   * @throws ApiException if they are of another type or shape, or too many
   */
  static ImageSource examples(JsonRequest request, ModelVersion model, ServerOptions options) {
    List<Map<String, Tensor>> examples =
        request
            .examples()
            .orElseThrow(
                () ->
                    ApiException.badRequest(
                        "When method is classify, key 'examples' is expected and was not found"));
    Optional<Signatures> named = request.signature().map(name -> of(Optional.of(name)));
    List<byte[]> files = new ArrayList<>();
    List<float[]> images = new ArrayList<>();
    for (int i = 0; i < examples.size(); i++) {
      Map<String, Tensor> features = new HashMap<>(request.context());
      features.putAll(examples.get(i));
      // Without a name, the feature tells which signature is meant.
      Signatures signature =
          named.orElse(features.containsKey(SERVING_BYTES.input) ? SERVING_BYTES : SERVING_DEFAULT);
      Tensor feature = features.get(signature.input);
      if (feature == null) {
        throw ApiException.badRequest("Example " + i + " has no feature " + signature.input + ".");
      }
      if (signature == SERVING_BYTES) {
        if (feature.strings().size() != 1) {
          throw ApiException.badRequest(
              "Feature: " + signature.input + " of example " + i + " must be one file.");
        }
        files.add(feature.strings().get(0));
      } else {
        float[] values = feature.floats();
        if (values.length != model.height() * model.width() * 3) {
          throw ApiException.badRequest(
              "Feature: %s of example %s has %s values; expected %s."
                  .formatted(
                      signature.input, i, values.length, model.height() * model.width() * 3));
        }
        images.add(values);
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
                ? ImageSource.ofFiles(files, model.height(), model.width(), options.imageLimits())
                : new ImageSource() {
                  @Override
                  public int count() {
                    return images.size();
                  }

                  @Override
                  public void fill(int index, float[] target, int offset, Checkpoint checkpoint) {
                    float[] image = images.get(index);
                    System.arraycopy(image, 0, target, offset, image.length);
                  }
                });
  }

  /** Writes the signature as TensorFlow Serving's metadata does. */
  void write(JsonGenerator json, ModelVersion model) throws IOException {
    json.writeObjectFieldStart(key);
    json.writeObjectFieldStart("inputs");
    writeTensor(
        json,
        input,
        type,
        this == SERVING_BYTES ? List.of(-1) : List.of(-1, model.height(), model.width(), 3));
    json.writeEndObject();
    json.writeObjectFieldStart("outputs");
    writeTensor(json, model.output(), "DT_FLOAT", List.of(-1, model.scores()));
    json.writeEndObject();
    json.writeStringField("method_name", "tensorflow/serving/predict");
    json.writeEndObject();
  }

  private static void writeTensor(JsonGenerator json, String name, String type, List<Integer> shape)
      throws IOException {
    json.writeObjectFieldStart(name);
    json.writeStringField("dtype", type);
    json.writeObjectFieldStart("tensor_shape");
    json.writeArrayFieldStart("dim");
    for (int size : shape) {
      json.writeStartObject();
      json.writeStringField("size", Integer.toString(size));
      json.writeStringField("name", "");
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeBooleanField("unknown_rank", false);
    json.writeEndObject();
    json.writeStringField("name", name + ":0");
    json.writeEndObject();
  }
}
