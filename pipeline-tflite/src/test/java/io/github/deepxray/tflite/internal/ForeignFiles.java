package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.deepxray.tflite.internal.FlatGraph.Quantization;
import io.github.deepxray.tflite.internal.FlatGraph.TensorDef;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;
import org.tensorflow.lite.schema.ActivationFunctionType;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.ConcatenationOptions;
import org.tensorflow.lite.schema.Conv2DOptions;
import org.tensorflow.lite.schema.DepthwiseConv2DOptions;
import org.tensorflow.lite.schema.FullyConnectedOptions;
import org.tensorflow.lite.schema.GatherOptions;
import org.tensorflow.lite.schema.PackOptions;
import org.tensorflow.lite.schema.Padding;
import org.tensorflow.lite.schema.Pool2DOptions;
import org.tensorflow.lite.schema.ReducerOptions;
import org.tensorflow.lite.schema.ShapeOptions;
import org.tensorflow.lite.schema.SoftmaxOptions;
import org.tensorflow.lite.schema.SqueezeOptions;
import org.tensorflow.lite.schema.StridedSliceOptions;
import org.tensorflow.lite.schema.TensorType;

/**
 * Files with the operators that TensorFlow's converter writes and {@link TfLiteWriter} does not.
 */
final class ForeignFiles {
  private static final byte RELU6 = ActivationFunctionType.RELU6;

  private final FlatGraph graph = new FlatGraph("foreign");
  private final SplittableRandom random = new SplittableRandom(1);
  private final byte type;
  private int named;

  private ForeignFiles(byte type) {
    this.type = type;
  }

  /** One in floats, one with integer kernels that meet floats, one in integers. */
  static List<byte[]> all() {
    return List.of(
        new ForeignFiles(TensorType.FLOAT32).file(false),
        new ForeignFiles(TensorType.FLOAT32).file(true),
        new ForeignFiles(TensorType.INT8).file(true));
  }

  private byte[] file(boolean integerKernels) {
    int images = values(1, 8, 8, 4);
    graph.addInput("images", images);
    int x = images;
    x =
        apply(
            BuiltinOperator.PAD,
            List.of(x, constant(List.of(4, 2), 0, 0, 0, 1, 0, 1, 0, 0)),
            values(1, 9, 9, 4));
    x = convolution(x, integerKernels);
    int pooled = pool(BuiltinOperator.MAX_POOL_2D, x);
    int averaged = pool(BuiltinOperator.AVERAGE_POOL_2D, x);
    x =
        apply(
            BuiltinOperator.CONCATENATION,
            List.of(pooled, averaged),
            values(1, 2, 2, 16),
            BuiltinOptions.ConcatenationOptions,
            b -> ConcatenationOptions.createConcatenationOptions(b, -1, (byte) 0));
    x = depthwise(x, integerKernels);
    x = apply(BuiltinOperator.HARD_SWISH, List.of(x), values(1, 2, 2, 16));
    x = apply(BuiltinOperator.RELU6, List.of(x), values(1, 2, 2, 16));
    x =
        apply(
            BuiltinOperator.TRANSPOSE,
            List.of(x, constant(List.of(4), 0, 3, 1, 2)),
            values(1, 16, 2, 2));
    x =
        slice(
            x,
            values(1, 8, 2, 1),
            constant(List.of(4), 0, 0, 0, 1),
            constant(List.of(4), 1, 16, 2, 2),
            constant(List.of(4), 1, 2, 1, 1),
            0);
    x = normalized(x);
    x = apply(BuiltinOperator.GELU, List.of(x), values(1, 8, 2, 1));
    x =
        apply(
            BuiltinOperator.SQUEEZE,
            List.of(x),
            values(1, 8, 2),
            BuiltinOptions.SqueezeOptions,
            b ->
                SqueezeOptions.createSqueezeOptions(
                    b, SqueezeOptions.createSqueezeDimsVector(b, new int[] {3})));
    x = apply(BuiltinOperator.RESHAPE, List.of(x, shape(x)), values(1, 16));
    x = dense(x, integerKernels);
    int y = type == TensorType.FLOAT32 ? values(1, 3) : add(1 / 256f, -128, 1, 3);
    apply(
        BuiltinOperator.SOFTMAX,
        List.of(x),
        y,
        BuiltinOptions.SoftmaxOptions,
        b -> SoftmaxOptions.createSoftmaxOptions(b, 1));
    graph.addOutput("scores", y);
    return graph.toBytes("test", "serving_default");
  }

  private int convolution(int x, boolean integers) {
    // Groups of two channels; TFLite's own kernels have none of floats by integers.
    int depth = integers && type == TensorType.FLOAT32 ? 4 : 2;
    return apply(
        BuiltinOperator.CONV_2D,
        List.of(x, kernel(integers, 0, 8, 3, 3, depth), bias(8)),
        values(1, 4, 4, 8),
        BuiltinOptions.Conv2DOptions,
        b -> Conv2DOptions.createConv2DOptions(b, Padding.VALID, 2, 2, RELU6, 1, 1));
  }

  private int depthwise(int x, boolean integers) {
    return apply(
        BuiltinOperator.DEPTHWISE_CONV_2D,
        List.of(x, kernel(integers, 3, 1, 3, 3, 16), bias(16)),
        values(1, 2, 2, 16),
        BuiltinOptions.DepthwiseConv2DOptions,
        b ->
            DepthwiseConv2DOptions.createDepthwiseConv2DOptions(
                b, Padding.SAME, 1, 1, 1, RELU6, 1, 1));
  }

  private int dense(int x, boolean integers) {
    return apply(
        BuiltinOperator.FULLY_CONNECTED,
        List.of(x, kernel(integers, 0, 3, 16), -1),
        values(1, 3),
        BuiltinOptions.FullyConnectedOptions,
        b -> FullyConnectedOptions.createFullyConnectedOptions(b, (byte) 0, (byte) 0, false, true));
  }

  private int pool(int operator, int x) {
    return apply(
        operator,
        List.of(x),
        values(1, 2, 2, 8),
        BuiltinOptions.Pool2DOptions,
        b -> Pool2DOptions.createPool2DOptions(b, Padding.SAME, 2, 2, 3, 3, (byte) 0));
  }

  /** The parts of a layer normalization. */
  private int normalized(int x) {
    int axes = constant(List.of(2), 1, 2);
    int mean =
        apply(
            BuiltinOperator.MEAN,
            List.of(x, axes),
            values(1, 1, 1, 1),
            BuiltinOptions.ReducerOptions,
            b -> ReducerOptions.createReducerOptions(b, true));
    int squares =
        apply(BuiltinOperator.SQUARED_DIFFERENCE, List.of(x, mean), add(0.1f, -128, 1, 8, 2, 1));
    int root = apply(BuiltinOperator.RSQRT, List.of(squares), values(1, 8, 2, 1));
    int scaled = apply(BuiltinOperator.MUL, List.of(x, root), values(1, 8, 2, 1));
    int less = apply(BuiltinOperator.SUB, List.of(scaled, mean), values(1, 8, 2, 1));
    return type == TensorType.FLOAT32
        ? apply(BuiltinOperator.NEG, List.of(less), values(1, 8, 2, 1))
        : less;
  }

  /** The shape {@code [batch, product of the rest]}, computed as for a batch of any size. */
  private int shape(int x) {
    int whole =
        apply(
            BuiltinOperator.SHAPE,
            List.of(x),
            integers(3),
            BuiltinOptions.ShapeOptions,
            b -> ShapeOptions.createShapeOptions(b, TensorType.INT32));
    int batch =
        slice(
            whole,
            integers(),
            constant(List.of(1), 0),
            constant(List.of(1), 1),
            constant(List.of(1), 1),
            1);
    int rest =
        apply(
            BuiltinOperator.GATHER,
            List.of(whole, constant(List.of(2), 1, 2)),
            integers(2),
            BuiltinOptions.GatherOptions,
            b -> GatherOptions.createGatherOptions(b, 0, 0));
    int product =
        apply(
            BuiltinOperator.REDUCE_PROD,
            List.of(rest, constant(List.of(1), 0)),
            integers(),
            BuiltinOptions.ReducerOptions,
            b -> ReducerOptions.createReducerOptions(b, false));
    int one = pack(batch);
    int other = pack(product);
    return apply(
        BuiltinOperator.CONCATENATION,
        List.of(one, other),
        integers(2),
        BuiltinOptions.ConcatenationOptions,
        b -> ConcatenationOptions.createConcatenationOptions(b, 0, (byte) 0));
  }

  private int pack(int x) {
    return apply(
        BuiltinOperator.PACK,
        List.of(x),
        integers(1),
        BuiltinOptions.PackOptions,
        b -> PackOptions.createPackOptions(b, 1, 0));
  }

  private int slice(int x, int y, int begin, int end, int strides, int shrunk) {
    return apply(
        BuiltinOperator.STRIDED_SLICE,
        List.of(x, begin, end, strides),
        y,
        BuiltinOptions.StridedSliceOptions,
        b -> StridedSliceOptions.createStridedSliceOptions(b, 0, 0, 0, 0, shrunk, false));
  }

  private int apply(int operator, List<Integer> in, int y) {
    graph.addOperator(operator, version(operator), in, List.of(y));
    return y;
  }

  private int apply(
      int operator,
      List<Integer> in,
      int y,
      byte options,
      ToIntFunction<FlatBufferBuilder> writer) {
    graph.addOperator(operator, version(operator), in, List.of(y), options, writer);
    return y;
  }

  private int version(int operator) {
    return switch (operator) {
      case BuiltinOperator.CONV_2D -> 6;
      case BuiltinOperator.DEPTHWISE_CONV_2D -> type == TensorType.FLOAT32 ? 6 : 3;
      case BuiltinOperator.FULLY_CONNECTED -> type == TensorType.FLOAT32 ? 12 : 4;
      case BuiltinOperator.HARD_SWISH,
          BuiltinOperator.SHAPE,
          BuiltinOperator.PACK,
          BuiltinOperator.RESHAPE,
          BuiltinOperator.SQUEEZE,
          BuiltinOperator.NEG,
          BuiltinOperator.GATHER,
          BuiltinOperator.REDUCE_PROD ->
          1;
      default -> type == TensorType.FLOAT32 ? 1 : 2;
    };
  }

  private String name() {
    return "t" + named++;
  }

  /** A tensor of activations. */
  private int values(Integer... shape) {
    return add(0.05f, 3, shape);
  }

  private int add(float scale, long zeroPoint, Integer... shape) {
    Optional<Quantization> steps =
        type == TensorType.FLOAT32
            ? Optional.empty()
            : Optional.of(new Quantization(List.of(scale), List.of(zeroPoint), 0));
    return graph.add(new TensorDef(name(), List.of(shape), type, Optional.empty(), steps));
  }

  private int integers(Integer... shape) {
    return graph.add(
        new TensorDef(
            name(), List.of(shape), TensorType.INT32, Optional.empty(), Optional.empty()));
  }

  private int constant(List<Integer> shape, int... values) {
    ByteBuffer data = FlatGraph.littleEndian(values.length * Integer.BYTES);
    for (int value : values) {
      data.putInt(value);
    }
    return graph.add(
        new TensorDef(name(), shape, TensorType.INT32, Optional.of(data.flip()), Optional.empty()));
  }

  private int kernel(boolean integers, int axis, Integer... shape) {
    int size = List.of(shape).stream().reduce(1, Math::multiplyExact);
    ByteBuffer data = FlatGraph.littleEndian(size * (integers ? 1 : Float.BYTES));
    for (int i = 0; i < size; i++) {
      if (integers) {
        data.put((byte) random.nextInt(-127, 128));
      } else {
        data.putFloat((float) random.nextDouble(-0.2, 0.2));
      }
    }
    int outputs = shape[axis];
    return graph.add(
        new TensorDef(
            name(),
            List.of(shape),
            integers ? TensorType.INT8 : TensorType.FLOAT32,
            Optional.of(data.flip()),
            integers
                ? Optional.of(
                    new Quantization(
                        Collections.nCopies(outputs, 0.0016f),
                        Collections.nCopies(outputs, 0L),
                        axis))
                : Optional.empty()));
  }

  private int bias(int outputs) {
    boolean sums = type == TensorType.INT8;
    ByteBuffer data = FlatGraph.littleEndian(outputs * Float.BYTES);
    for (int i = 0; i < outputs; i++) {
      if (sums) {
        data.putInt(random.nextInt(-500, 500));
      } else {
        data.putFloat((float) random.nextDouble(-0.2, 0.2));
      }
    }
    return graph.add(
        new TensorDef(
            name(),
            List.of(outputs),
            sums ? TensorType.INT32 : TensorType.FLOAT32,
            Optional.of(data.flip()),
            sums
                ? Optional.of(
                    new Quantization(
                        Collections.nCopies(outputs, 0.05f * 0.0016f),
                        Collections.nCopies(outputs, 0L),
                        0))
                : Optional.empty()));
  }
}
