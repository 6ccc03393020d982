package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.tensorflow.lite.schema.TensorType;

/**
 * Activation tensors of a network in a graph: as written by their layers and, once for all readers,
 * converted between floats and integers.
 *
 * <p>The input or output of the file, or else the output of the layer, has the network's name;
 * converted tensors have their type as a suffix.
 */
final class Activations {
  private static final int UINT8_SHIFT = 128;

  /** Tensor of the network as floats, integers or both. */
  private static final class Value {
    private OptionalInt floats = OptionalInt.empty();
    private OptionalInt integers = OptionalInt.empty();

    /** Quantization parameters of the integers, if there are any. */
    private Optional<Affine> affine = Optional.empty();
  }

  private final Network network;
  private final Quantization quantization;
  private final TfLiteWriter.Options options;
  private final FlatGraph graph;
  private final Operators operators;
  private final Map<String, Value> values = new HashMap<>();
  private final int input;

  /** Creates the activations with the network's input. */
  Activations(Model model, TfLiteWriter.Options options, FlatGraph graph, Operators operators) {
    this.network = model.network();
    this.quantization = model.quantization();
    this.options = options;
    this.graph = graph;
    this.operators = operators;
    requireType("input", options.input());
    requireType("output", options.output());
    String name = network.input();
    Value value = new Value();
    values.put(name, value);
    if (options.input() == ElementType.FLOAT32) {
      input = graph.addFloats(name, shape(name));
      value.floats = OptionalInt.of(input);
    } else if (options.input() == ElementType.UINT8) {
      input = addUnsigned(name);
      Affine affine = affine(name);
      int signed = addIntegers(name + "/int8", name, affine);
      operators.quantize(input, signed);
      write(value, signed, affine);
    } else {
      Affine affine = affine(name);
      input = addIntegers(name, name, affine);
      write(value, input, affine);
    }
    graph.addInput(name, input);
  }

  private void requireType(String where, ElementType type) {
    Arithmetic arithmetic = quantization.arithmetic();
    boolean fits =
        switch (type) {
          case FLOAT32 -> true;
          case INT8, UINT8 -> arithmetic == Arithmetic.INT8;
          case INT16 -> arithmetic == Arithmetic.INT16;
        };
    if (!fits) {
      throw new DeepXrayException(
          "Network "
              + network.name()
              + " computes in "
              + arithmetic
              + ", so its "
              + where
              + " cannot be "
              + type
              + "; choose FLOAT32"
              + (arithmetic == Arithmetic.INT8 ? ", INT8 or UINT8." : "")
              + (arithmetic == Arithmetic.INT16 ? " or INT16." : "")
              + (arithmetic.integerActivations() ? "" : ", or quantize the activations."));
    }
  }

  /** Quantization parameters of a tensor. */
  Affine affine(String tensor) {
    Optional<Affine> known = Optional.ofNullable(values.get(tensor)).flatMap(value -> value.affine);
    if (known.isPresent()) {
      return known.get();
    }
    Affine affine = quantization.tensor(tensor);
    Arithmetic arithmetic = quantization.arithmetic();
    boolean wide = arithmetic == Arithmetic.INT16;
    if (wide
        ? affine.zeroPoint() != 0
        : affine.zeroPoint() < arithmetic.min() || affine.zeroPoint() > arithmetic.max()) {
      throw new DeepXrayException(
          "Tensor %s cannot be stored in %s with zero point %s%s"
              .formatted(
                  tensor,
                  arithmetic,
                  affine.zeroPoint(),
                  wide ? "; the zero point must be 0." : "; the zero point must be -128 to 127."));
    }
    Optional<Function> written =
        network.layers().stream()
            .filter(layer -> layer.name().equals(tensor) && quantization.integer(tensor))
            .filter(Activation.class::isInstance)
            .map(layer -> ((Activation) layer).function())
            .filter(Function::writesProbabilities)
            .findFirst();
    if (written.isPresent() && !affine.equals(probabilities())) {
      throw new DeepXrayException(
          ("Tensor %s is a %s, which TFLite stores with %s, not with %s; use that quantization, "
                  + "or keep the layer in floats.")
              .formatted(tensor, written.get().kerasName(), probabilities(), affine));
    }
    return affine;
  }

  /**
   * Quantization parameters of sigmoids and softmaxes in TFLite: the range 0 to 1, or -1 to 1 with
   * 16 bits.
   */
  Affine probabilities() {
    return quantization.arithmetic() == Arithmetic.INT16
        ? new Affine(0x1p-15f, 0)
        : new Affine(0x1p-8f, Byte.MIN_VALUE);
  }

  /** Returns a tensor as floats. */
  int floats(String tensor) {
    Value value = values.get(tensor);
    if (value.floats.isEmpty()) {
      int floats = graph.addFloats(name(tensor, ElementType.FLOAT32, false), shape(tensor));
      operators.dequantize(value.integers.orElseThrow(), floats);
      value.floats = OptionalInt.of(floats);
    }
    return value.floats.getAsInt();
  }

  /** Returns a tensor as integers. */
  int integers(String tensor) {
    Value value = values.get(tensor);
    if (value.integers.isEmpty()) {
      Affine affine = affine(tensor);
      int integers = addIntegers(name(tensor, integerType(), false), tensor, affine);
      operators.quantize(value.floats.orElseThrow(), integers);
      write(value, integers, affine);
    }
    return value.integers.getAsInt();
  }

  /** Adds the float output tensor of a layer. */
  int writeFloats(Layer layer) {
    Value value = new Value();
    int floats =
        graph.addFloats(name(layer.name(), ElementType.FLOAT32, true), shape(layer.name()));
    value.floats = OptionalInt.of(floats);
    values.put(layer.name(), value);
    return floats;
  }

  /** Adds the integer output tensor of a layer. */
  int writeIntegers(Layer layer) {
    Value value = new Value();
    Affine affine = affine(layer.name());
    write(
        value, addIntegers(name(layer.name(), integerType(), true), layer.name(), affine), affine);
    values.put(layer.name(), value);
    return value.integers.getAsInt();
  }

  private static void write(Value value, int integers, Affine affine) {
    value.integers = OptionalInt.of(integers);
    value.affine = Optional.of(affine);
  }

  /**
   * Makes the input of a layer its output under a second name, or copies it if that is the name of
   * an output.
   */
  void copyFloats(Layer layer) {
    int x = floats(layer.inputs().get(0));
    if (network.outputs().contains(layer.name())) {
      operators.copy(layer.name(), shape(layer.name()), x, writeFloats(layer));
    } else {
      Value value = new Value();
      value.floats = OptionalInt.of(x);
      values.put(layer.name(), value);
    }
  }

  /** Copies integers; with different scales they are requantized. */
  void copyIntegers(Layer layer) {
    String read = layer.inputs().get(0);
    int x = integers(read);
    if (!affine(read).equals(affine(layer.name()))) {
      operators.quantize(x, writeIntegers(layer));
    } else if (network.outputs().contains(layer.name())) {
      operators.copy(layer.name(), shape(layer.name()), x, writeIntegers(layer));
    } else {
      // Only the integers: the original floats are more exact than the integers.
      Value value = new Value();
      write(value, x, affine(read));
      values.put(layer.name(), value);
    }
  }

  /** Returns the tensor of an output of the file. */
  int output(String name) {
    if (options.output() == ElementType.UINT8) {
      int signed = integers(name);
      int unsigned = addUnsigned(name.equals(network.input()) ? name + "/identity" : name);
      operators.quantize(signed, unsigned);
      return unsigned;
    }
    boolean real = options.output() == ElementType.FLOAT32;
    int tensor = real ? floats(name) : integers(name);
    if (tensor != input) {
      return tensor;
    }
    String copied = name + "/identity";
    int copy =
        real ? graph.addFloats(copied, shape(name)) : addIntegers(copied, name, affine(name));
    operators.copy(name, shape(name), tensor, copy);
    return copy;
  }

  /** Adds a float tensor that is not in the network, with the shape of one that is. */
  int addFloats(String name, String like) {
    return graph.addFloats(name, shape(like));
  }

  /** Adds an integer tensor with the shape of one of the network's. */
  int addIntegers(String name, String like, Affine affine) {
    byte type = quantization.arithmetic() == Arithmetic.INT16 ? TensorType.INT16 : TensorType.INT8;
    return graph.addIntegers(name, shape(like), type, affine.scale(), affine.zeroPoint());
  }

  private int addUnsigned(String name) {
    String tensor = values.containsKey(name) ? name : network.input();
    Affine affine = affine(tensor);
    return graph.addIntegers(
        name, shape(tensor), TensorType.UINT8, affine.scale(), affine.zeroPoint() + UINT8_SHIFT);
  }

  /** Quantization parameters whose range contains some constants and 0. */
  Affine covering(List<Double> constants) {
    double min = Math.min(0, constants.stream().mapToDouble(Double::doubleValue).min().orElse(0));
    double max = Math.max(0, constants.stream().mapToDouble(Double::doubleValue).max().orElse(0));
    Arithmetic arithmetic = quantization.arithmetic();
    if (min == max) {
      return new Affine(1, 0);
    }
    if (arithmetic == Arithmetic.INT16) {
      return new Affine((float) (Math.max(-min, max) / arithmetic.max()), 0);
    }
    double scale = (max - min) / (arithmetic.max() - arithmetic.min());
    return new Affine((float) scale, (int) Math.round(arithmetic.min() - min / scale));
  }

  /** Quantization parameters for the product of any value of a tensor and any of some constants. */
  Affine product(Affine affine, List<Double> constants) {
    Arithmetic arithmetic = quantization.arithmetic();
    List<Double> products = new ArrayList<>();
    for (double constant : constants) {
      products.add(constant * affine.scale() * (arithmetic.min() - affine.zeroPoint()));
      products.add(constant * affine.scale() * (arithmetic.max() - affine.zeroPoint()));
    }
    return covering(products);
  }

  /** Adds a constant vector of integers. */
  int addConstant(String name, List<Double> constants, Affine affine) {
    boolean wide = quantization.arithmetic() == Arithmetic.INT16;
    ByteBuffer data = FlatGraph.littleEndian(constants.size() * (wide ? Short.BYTES : 1));
    for (double constant : constants) {
      long rounded = Math.round(constant / affine.scale()) + affine.zeroPoint();
      // The zero point is rounded, which may shift the ends of the range by one.
      Arithmetic arithmetic = quantization.arithmetic();
      long integer = Math.max(arithmetic.min(), Math.min(arithmetic.max(), rounded));
      if (wide) {
        data.putShort((short) integer);
      } else {
        data.put((byte) integer);
      }
    }
    return graph.add(
        new FlatGraph.TensorDef(
            name,
            List.of(constants.size()),
            wide ? TensorType.INT16 : TensorType.INT8,
            Optional.of(data.flip()),
            Optional.of(
                new FlatGraph.Quantization(
                    List.of(affine.scale()), List.of((long) affine.zeroPoint()), 0))));
  }

  private String name(String tensor, ElementType type, boolean written) {
    boolean plain;
    if (network.outputs().contains(tensor)) {
      plain = type == options.output();
    } else {
      plain = written;
    }
    // An input that is also an output already has its name.
    return plain && !tensor.equals(network.input())
        ? tensor
        : tensor + "/" + type.name().toLowerCase(Locale.ROOT);
  }

  private ElementType integerType() {
    return quantization.arithmetic() == Arithmetic.INT16 ? ElementType.INT16 : ElementType.INT8;
  }

  private List<Integer> shape(String tensor) {
    List<Integer> batched = new ArrayList<>(List.of(1));
    batched.addAll(network.shape(tensor));
    return List.copyOf(batched);
  }
}
