package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.weights.Float16Tensor;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.DensifyOptions;
import org.tensorflow.lite.schema.TensorType;

/** Adds a model's weights to a graph, in the types and layouts of the operators. */
record WeightTensors(FlatGraph graph, Weights weights, boolean sparse) {
  /** Layout of a kernel in TFLite, with the dimension of its output channels. */
  enum Layout {
    /** The output channels, Keras' last dimension, are first. */
    OUTPUTS_FIRST(0),
    /** {@code [k, k, C, 1]} becomes {@code [1, k, k, C]}: the same values in the same order. */
    DEPTHWISE(3);

    private final int outputs;

    Layout(int outputs) {
      this.outputs = outputs;
    }

    private int axis(List<Integer> shape) {
      return this == DEPTHWISE ? 2 : shape.size() - 1;
    }

    private List<Integer> shape(List<Integer> shape) {
      int last = shape.size() - 1;
      List<Integer> rotated = new ArrayList<>(List.of(shape.get(last)));
      rotated.addAll(shape.subList(0, last));
      return rotated;
    }

    /** Returns the values, of {@code width} bytes each, in the new order. */
    private ByteBuffer values(List<Integer> shape, ByteBuffer values, int width) {
      int outer = shape.get(shape.size() - 1);
      int inner = values.remaining() / width / outer;
      byte[] from = new byte[values.remaining()];
      values.duplicate().get(from);
      byte[] to = new byte[from.length];
      for (int o = 0; o < outer; o++) {
        for (int i = 0; i < inner; i++) {
          System.arraycopy(from, (i * outer + o) * width, to, (o * inner + i) * width, width);
        }
      }
      return ByteBuffer.wrap(to).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /** Adds a weight as floats; other types are dequantized in the graph. */
  int floats(String name) {
    Tensor tensor = weights.get(name);
    if (tensor instanceof Float16Tensor half) {
      return dequantized(name, half.shape(), stored(name, half.shape(), halves(half)));
    }
    return graph.addConstant(name, FloatTensor.of(tensor.toFloats(), tensor.shape()));
  }

  /** Adds a kernel as floats; other types are dequantized in the graph. */
  int floatKernel(String name, Layout layout) {
    Tensor kernel = weights.get(name);
    List<Integer> shape = layout.shape(kernel.shape());
    if (kernel instanceof Int8Tensor integers) {
      // XNNPACK has no depthwise convolution of floats by integers; it dequantizes once.
      return dequantized(name, shape, integerKernel(name, integers, layout));
    }
    if (kernel instanceof Float16Tensor half) {
      Values values = halves(half).in(layout, kernel.shape());
      return dequantized(name, shape, stored(name, shape, values));
    }
    ByteBuffer bytes = FlatGraph.littleEndian(kernel.size() * Float.BYTES);
    bytes.asFloatBuffer().put(kernel.toFloats());
    Values values = new Values(TensorType.FLOAT32, bytes, Float.BYTES, true, Optional.empty());
    return stored(name, shape, values.in(layout, kernel.shape()));
  }

  /**
   * Adds a kernel as 8-bit integers.
   *
   * @throws DeepXrayException if the kernel is quantized along another dimension than that of its
   *     output channels
   */
  int integerKernel(String name, Int8Tensor kernel, Layout layout) {
    return integerKernel(name, kernel, layout, sparse);
  }

  /**
   * Adds a dense kernel of 8-bit integers, for operators that XNNPACK rejects with a computed
   * kernel, even one computed from a constant: those with float inputs and, from LiteRT 2 on, dense
   * layers.
   *
   * @throws DeepXrayException as for {@link #integerKernel}
   */
  int denseKernel(String name, Int8Tensor kernel) {
    return integerKernel(name, kernel, Layout.OUTPUTS_FIRST, false);
  }

  private int integerKernel(String name, Int8Tensor kernel, Layout layout, boolean compress) {
    int axis = layout.axis(kernel.shape());
    if (kernel.axis() != axis) {
      throw new DeepXrayException(
          ("Weight %s %s is quantized along dimension %s; TFLite needs one scale per output "
                  + "channel, dimension %s.")
              .formatted(name, kernel.shape(), kernel.axis(), axis));
    }
    List<Float> scales = new ArrayList<>();
    for (float scale : kernel.scales()) {
      scales.add(scale);
    }
    FlatGraph.Quantization quantization =
        new FlatGraph.Quantization(scales, Collections.nCopies(scales.size(), 0L), layout.outputs);
    Values values =
        new Values(TensorType.INT8, kernel.asBuffer(), 1, false, Optional.of(quantization));
    return stored(name, layout.shape(kernel.shape()), values.in(layout, kernel.shape()), compress);
  }

  /** Values of a constant. */
  private record Values(
      byte type,
      ByteBuffer bytes,
      int width,
      boolean signed,
      Optional<FlatGraph.Quantization> quantization) {
    Values in(Layout layout, List<Integer> shape) {
      return new Values(type, layout.values(shape, bytes, width), width, signed, quantization);
    }
  }

  private static Values halves(Float16Tensor tensor) {
    ByteBuffer bytes = FlatGraph.littleEndian(tensor.size() * Short.BYTES);
    bytes.asShortBuffer().put(tensor.asBuffer());
    return new Values(TensorType.FLOAT16, bytes, Short.BYTES, true, Optional.empty());
  }

  /** Adds a constant, in sparse form if requested and smaller. */
  private int stored(String name, List<Integer> shape, Values values) {
    return stored(name, shape, values, sparse);
  }

  private int stored(String name, List<Integer> shape, Values values, boolean compress) {
    Optional<SparseEncoding.Compressed> compressed =
        compress
            ? SparseEncoding.compress(shape, values.bytes(), values.width(), values.signed())
            : Optional.empty();
    int constant =
        graph.add(
            new FlatGraph.TensorDef(
                name,
                shape,
                values.type(),
                Optional.of(
                    compressed.map(SparseEncoding.Compressed::values).orElse(values.bytes())),
                values.quantization(),
                compressed.map(SparseEncoding.Compressed::sparsity)));
    if (compressed.isEmpty()) {
      return constant;
    }
    int dense =
        graph.add(
            new FlatGraph.TensorDef(
                name + "/dense", shape, values.type(), Optional.empty(), values.quantization()));
    graph.addOperator(
        BuiltinOperator.DENSIFY,
        1,
        List.of(constant),
        List.of(dense),
        BuiltinOptions.DensifyOptions,
        builder -> {
          DensifyOptions.startDensifyOptions(builder);
          return DensifyOptions.endDensifyOptions(builder);
        });
    return dense;
  }

  private int dequantized(String name, List<Integer> shape, int stored) {
    int floats = graph.addFloats(name + "/dequantized", shape);
    int version = graph.type(stored) == TensorType.FLOAT16 ? 3 : 5;
    graph.addOperator(BuiltinOperator.DEQUANTIZE, version, List.of(stored), List.of(floats));
    return floats;
  }
}
