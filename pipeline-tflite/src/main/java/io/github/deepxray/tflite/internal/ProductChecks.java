package io.github.deepxray.tflite.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.Conv2DOptions;
import org.tensorflow.lite.schema.DepthwiseConv2DOptions;
import org.tensorflow.lite.schema.FullyConnectedOptions;
import org.tensorflow.lite.schema.FullyConnectedOptionsWeightsFormat;
import org.tensorflow.lite.schema.TensorType;

/** Checks operators that sum products of activations and weights. */
final class ProductChecks {
  /** XNNPACK packs output channels in tiles of this size. */
  private static final int CHANNEL_TILE = 32;

  private ProductChecks() {}

  static void conv2D(FileOperator operator) {
    operator.requireArity(2, 3);
    Conv2DOptions options = operator.options(BuiltinOptions.Conv2DOptions, new Conv2DOptions());
    operator.requireFused(options.fusedActivationFunction());
    FileTensor x = operator.input(0);
    FileTensor kernel = operator.input(1);
    operator.requireRank(x, 4, 4);
    operator.requireRank(kernel, 4, 4);
    int filters = kernel.shape.get(0);
    // Groups of channels may have separate filters.
    int groups = x.channels() / kernel.channels();
    operator.require(
        x.channels() % kernel.channels() == 0 && filters % groups == 0,
        "has other channels than its kernel, %s",
        kernel);
    Window window = Window.ofConv2D(operator);
    operator.requireShape(window.slide(operator, x, filters));
    requireWeights(operator, filters, 0);
    operator.compute((double) operator.output().elements() * kernel.elements() / filters);
    operator.work(window.workspace(operator.output(), x));
    operator.pack(packed(kernel, filters / groups));
  }

  static void depthwiseConv2D(FileOperator operator) {
    operator.requireArity(2, 3);
    DepthwiseConv2DOptions options =
        operator.options(BuiltinOptions.DepthwiseConv2DOptions, new DepthwiseConv2DOptions());
    operator.requireFused(options.fusedActivationFunction());
    FileTensor x = operator.input(0);
    FileTensor kernel = operator.input(1);
    operator.requireRank(x, 4, 4);
    operator.requireRank(kernel, 4, 4);
    int channels = kernel.channels();
    operator.require(
        kernel.shape.get(0) == 1
            && options.depthMultiplier() >= 1
            && channels == (long) x.channels() * options.depthMultiplier(),
        "has other channels than its kernel, %s",
        kernel);
    Window window = Window.ofDepthwiseConv2D(operator);
    operator.requireShape(window.slide(operator, x, channels));
    requireWeights(operator, channels, 3);
    operator.compute((double) operator.output().elements() * window.area());
    operator.work(window.workspace(operator.output(), x));
    operator.pack(packed(kernel, channels));
  }

  static void fullyConnected(FileOperator operator) {
    operator.requireArity(2, 3);
    FullyConnectedOptions options =
        operator.options(BuiltinOptions.FullyConnectedOptions, new FullyConnectedOptions());
    operator.requireFused(options.fusedActivationFunction());
    operator.require(
        options.weightsFormat() == FullyConnectedOptionsWeightsFormat.DEFAULT,
        "has weights in format %d",
        options.weightsFormat());
    FileTensor x = operator.input(0);
    FileTensor kernel = operator.input(1);
    operator.requireRank(x, 1, 4);
    operator.requireRank(kernel, 2, 2);
    int units = kernel.shape.get(0);
    int depth = kernel.shape.get(1);
    List<Integer> shape = new ArrayList<>();
    if (options.keepNumDims()) {
      operator.require(x.channels() == depth, "has other channels than its kernel, %s", kernel);
      shape.addAll(x.shape.subList(0, x.rank() - 1));
    } else {
      operator.require(x.elements() % depth == 0, "has other channels than its kernel, %s", kernel);
      shape.add((int) (x.elements() / depth));
    }
    shape.add(units);
    operator.requireShape(shape);
    requireWeights(operator, units, 0);
    operator.compute((double) operator.output().elements() * depth);
    operator.pack(packed(kernel, units));
  }

  /** Bytes of packed weights, with outputs rounded up and each weight as a float. */
  private static double packed(FileTensor kernel, int outputs) {
    long rounded = (outputs + CHANNEL_TILE - 1L) / CHANNEL_TILE * CHANNEL_TILE;
    return (double) kernel.elements() / outputs * rounded * Float.BYTES;
  }

  /** Requires compatible types, and weights with a single scale or one for each output. */
  private static void requireWeights(FileOperator operator, int outputs, int axis) {
    FileTensor x = operator.input(0);
    FileTensor kernel = operator.input(1);
    operator.requireFixed(kernel);
    operator.requireTypeKept(x);
    Optional<FileTensor> bias = operator.optional(2);
    bias.ifPresent(
        tensor -> {
          operator.requireFixed(tensor);
          operator.require(
              tensor.shape.equals(List.of(outputs)),
              "has a bias, %s, of shape %s for %d outputs",
              tensor,
              tensor.shape,
              outputs);
        });
    boolean floats = x.type == TensorType.FLOAT32;
    if (floats && kernel.type == TensorType.FLOAT32) {
      bias.ifPresent(tensor -> operator.requireType(tensor, TensorType.FLOAT32));
      return;
    }
    operator.requireType(kernel, TensorType.INT8);
    requireChannels(operator, kernel, outputs, axis);
    if (floats) {
      bias.ifPresent(tensor -> operator.requireType(tensor, TensorType.FLOAT32));
      return;
    }
    IntegerChecks.requireIntegers(operator, x);
    byte sums = x.type == TensorType.INT8 ? TensorType.INT32 : TensorType.INT64;
    bias.ifPresent(tensor -> operator.requireType(tensor, sums));
    for (int c = 0; c < kernel.scales(); c++) {
      IntegerChecks.requireStep(operator, (double) x.scale(0) * kernel.scale(c));
    }
  }

  private static void requireChannels(
      FileOperator operator, FileTensor kernel, int outputs, int axis) {
    operator.require(
        kernel.scales() == 1 || (kernel.scales() == outputs && kernel.axis == axis),
        "has a kernel, %s, with %d scales along dimension %d",
        kernel,
        kernel.scales(),
        kernel.axis);
    for (int c = 0; c < kernel.scales(); c++) {
      operator.require(
          kernel.zeroPoint(c) == 0, "has a kernel, %s, with a zero point other than 0", kernel);
    }
  }
}
