package io.github.deepxray.keras.internal;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.ReproducibleZip;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.LayerVisitor;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipOutputStream;

/**
 * Writes a model as a {@code .keras} archive: {@code keras.models.load_model} of Keras 3.8 or later
 * rebuilds it with its preprocessing, its dropout and the names of its layers, and {@code
 * load_weights} reads its weights into a model of the same architecture.
 *
 * <p>The archive contains the version of the format, {@code config.json} with the layers and {@code
 * model.weights.h5} with their values. Equal models give equal bytes.
 */
public final class KerasArchive {
  /** Oldest version that was tested to read such a file. */
  private static final String KERAS_VERSION = "3.8.0";

  private static final String METADATA_ENTRY = "metadata.json";

  /** Momentum of the moving statistics in training, as in Keras. */
  private static final double MOMENTUM = 0.99;

  /** Size of the end of a file in which jHDF writes its version. */
  private static final int TAIL = 200;

  private static final String CHANNELS_LAST = "channels_last";

  private KerasArchive() {}

  /**
   * Writes a model in 32-bit floats.
   *
   * @throws DeepXrayException if the model has integer arithmetic, which Keras' layers do not
   *     support
   * @throws IOException if the file cannot be written
   */
  public static void write(Path file, Model model) throws IOException {
    if (model.quantization().arithmetic().integerActivations()) {
      throw new DeepXrayException(
          "A model in %s cannot be written for Keras; write the one it was quantized from."
              .formatted(model.quantization().arithmetic().name().toLowerCase(Locale.ROOT)));
    }
    byte[] weights = weights(model);
    AtomicFiles.write(
        file,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          put(zip, METADATA_ENTRY, Json.compact(Json.object().put("keras_version", KERAS_VERSION)));
          put(zip, KerasFile.CONFIG_ENTRY, Json.compact(config(model.network())));
          ReproducibleZip.store(zip, KerasFile.WEIGHTS_ENTRY, weights);
          zip.finish();
        });
  }

  /** Stores a text without compression: Keras writes none, and floats hardly shrink. */
  private static void put(ZipOutputStream zip, String name, String text) throws IOException {
    ReproducibleZip.store(zip, name, text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] weights(Model model) throws IOException {
    // jHDF writes only to paths.
    Path hdf5 = Files.createTempFile("deepxray", ".weights.h5");
    try {
      try (WritableHdfFile hdf = HdfFile.write(hdf5)) {
        hdf.removeAttribute("_jHDF");
        putModel(hdf, model);
      }
      byte[] bytes = Files.readAllBytes(hdf5);
      // jHDF adds its version and the operating system at the end of files, which nothing refers
      // to.
      int end =
          new String(bytes, bytes.length - TAIL, TAIL, StandardCharsets.ISO_8859_1)
              .indexOf("jHDF - ");
      if (end >= 0) {
        Arrays.fill(bytes, bytes.length - TAIL + end, bytes.length, (byte) 0);
      }
      Files.write(hdf5, bytes);
      // jHDF calls its writer an alpha version.
      if (!KerasHdf5.read(hdf5, model.network()).equals(floats(model))) {
        throw new IllegalStateException("jHDF wrote other weights than it was given");
      }
      return bytes;
    } finally {
      Files.delete(hdf5);
    }
  }

  /** Weights in the types of Keras. */
  private static Weights floats(Model model) {
    Weights.Builder floats = Weights.builder();
    model
        .weights()
        .asMap()
        .forEach(
            (name, tensor) -> floats.put(name, FloatTensor.of(tensor.toFloats(), tensor.shape())));
    return floats.build();
  }

  /**
   * Layers without weights get no group, as in early versions of Keras 3: jHDF assumes that a file
   * ends with the last values, and would overwrite an empty group behind them.
   */
  private static void putModel(WritableGroup file, Model model) {
    WritableGroup layers = file.putGroup(KerasFile.LAYERS);
    KerasGroups.of(model.network())
        .forEach(
            (name, group) -> {
              Layer layer = model.network().layer(name);
              if (!KerasGroups.weights(model.network(), layer).isEmpty()) {
                WritableGroup variables = layers.putGroup(group).putGroup(KerasFile.VARIABLES);
                variables.putAttribute(KerasFile.NAME, name);
                putVariables(variables, model, layer);
              }
            });
  }

  private static void putVariables(WritableGroup group, Model model, Layer layer) {
    int index = 0;
    for (WeightSpec spec : KerasGroups.weights(model.network(), layer)) {
      group.putDataset(
          Integer.toString(index++), nested(spec.shape(), model.weights().floats(spec.name())));
    }
    if (layer instanceof Normalization) {
      // Number of values from which mean and variance were computed; only adapt() reads it.
      group.putDataset(Integer.toString(index), 0L);
    }
  }

  /** Array of arrays, from which jHDF takes the shape. */
  private static Object nested(List<Integer> shape, float[] values) {
    Object array = Array.newInstance(float.class, shape.stream().mapToInt(n -> n).toArray());
    fill(array, values, 0);
    return array;
  }

  private static int fill(Object array, float[] values, int from) {
    if (array instanceof float[] row) {
      System.arraycopy(values, from, row, 0, row.length);
      return from + row.length;
    }
    int next = from;
    for (Object part : (Object[]) array) {
      next = fill(part, values, next);
    }
    return next;
  }

  private static ObjectNode config(Network network) {
    ObjectNode config = Json.object();
    config.put("name", network.name()).put("trainable", true);
    ArrayNode layers = config.putArray("layers");
    ObjectNode input = Json.object();
    ArrayNode batchShape = input.putArray("batch_shape").addNull();
    network.inputShape().forEach(batchShape::add);
    layers.add(layer("InputLayer", network.input(), input, Json.array()));
    for (Layer layer : network.layers()) {
      ArrayNode tensors = Json.array();
      for (String name : layer.inputs()) {
        tensors.add(tensor(network, name));
      }
      // Layers with several inputs read one list of them.
      ArrayNode arguments = tensors.size() == 1 ? tensors : Json.array().add(tensors);
      ObjectNode node = Json.object();
      node.set("args", arguments);
      node.putObject("kwargs");
      layers.add(
          layer(
              KerasGroups.className(layer),
              layer.name(),
              layer.accept(new Options(network)),
              Json.array().add(node)));
    }
    config.putArray("input_layers").add(history(network.input()));
    ArrayNode outputs = config.putArray("output_layers");
    network.outputs().forEach(output -> outputs.add(history(output)));
    return object("keras.src.models.functional", "Functional", config)
        .put("registered_name", "Functional");
  }

  private static ObjectNode object(String module, String className, ObjectNode config) {
    ObjectNode object = Json.object().put("module", module).put("class_name", className);
    object.set("config", config);
    object.putNull("registered_name");
    return object;
  }

  private static ObjectNode layer(
      String className, String name, ObjectNode options, ArrayNode inbound) {
    options.put("name", name).put("dtype", "float32");
    ObjectNode layer = object("keras.layers", className, options).put("name", name);
    layer.set("inbound_nodes", inbound);
    return layer;
  }

  private static ArrayNode history(String tensor) {
    return Json.array().add(tensor).add(0).add(0);
  }

  private static ObjectNode tensor(Network network, String name) {
    ObjectNode config = Json.object();
    ArrayNode shape = config.putArray("shape").addNull();
    network.shape(name).forEach(shape::add);
    config.put("dtype", "float32").set("keras_history", history(name));
    ObjectNode tensor = Json.object().put("class_name", "__keras_tensor__");
    tensor.set("config", config);
    return tensor;
  }

  /** Options of a layer in Keras' terms, except those common to all layers. */
  private record Options(Network network) implements LayerVisitor<ObjectNode> {
    @Override
    public ObjectNode visit(Rescaling l) {
      ObjectNode options = Json.object();
      putOneOrAll(options, "scale", l.scale());
      putOneOrAll(options, "offset", l.offset());
      return options;
    }

    @Override
    public ObjectNode visit(Normalization l) {
      return Json.object().put("axis", -1);
    }

    @Override
    public ObjectNode visit(Conv2D l) {
      ObjectNode options = Json.object().put("filters", l.filters());
      putConvolution(options, l.kernelSize(), l.stride(), l.padding(), l.useBias());
      return options;
    }

    @Override
    public ObjectNode visit(DepthwiseConv2D l) {
      ObjectNode options = Json.object().put("depth_multiplier", 1);
      putConvolution(options, l.kernelSize(), l.stride(), l.padding(), l.useBias());
      return options;
    }

    @Override
    public ObjectNode visit(BatchNormalization l) {
      return Json.object().put("axis", -1).put("momentum", MOMENTUM).put("epsilon", l.epsilon());
    }

    @Override
    public ObjectNode visit(Activation l) {
      return Json.object().put("activation", activation(l.function()));
    }

    @Override
    public ObjectNode visit(GlobalAveragePooling2D l) {
      return Json.object().put("data_format", CHANNELS_LAST).put("keepdims", l.keepDims());
    }

    @Override
    public ObjectNode visit(Multiply l) {
      return Json.object();
    }

    @Override
    public ObjectNode visit(Add l) {
      return Json.object();
    }

    @Override
    public ObjectNode visit(Dense l) {
      return Json.object().put("units", l.units()).put("use_bias", l.useBias());
    }

    @Override
    public ObjectNode visit(Dropout l) {
      ObjectNode options = Json.object().put("rate", l.rate());
      if (l.wholeExamples()) {
        ArrayNode noise = options.putArray("noise_shape").addNull();
        network.shape(l.input()).forEach(size -> noise.add(1));
      }
      return options;
    }
  }

  private static void putConvolution(
      ObjectNode options, int kernel, int stride, Padding padding, boolean bias) {
    options.putArray("kernel_size").add(kernel).add(kernel);
    options.putArray("strides").add(stride).add(stride);
    options.put("padding", padding.name().toLowerCase(Locale.ROOT));
    options.put("data_format", CHANNELS_LAST).put("use_bias", bias);
  }

  private static void putOneOrAll(ObjectNode options, String name, List<Double> values) {
    if (values.size() == 1) {
      options.put(name, values.get(0));
    } else {
      ArrayNode array = options.putArray(name);
      values.forEach(array::add);
    }
  }

  /** Name of a function in Keras 3, where swish is silu. */
  private static String activation(Function function) {
    return function == Function.SWISH ? "silu" : function.kerasName();
  }
}
