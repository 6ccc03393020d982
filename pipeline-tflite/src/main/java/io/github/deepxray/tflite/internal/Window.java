package io.github.deepxray.tflite.internal;

import java.util.List;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.Conv2DOptions;
import org.tensorflow.lite.schema.DepthwiseConv2DOptions;
import org.tensorflow.lite.schema.Padding;
import org.tensorflow.lite.schema.Pool2DOptions;

/**
 * Sliding window over an image.
 *
 * @param padding TFLite's padding
 */
record Window(
    byte padding,
    int height,
    int width,
    int strideHeight,
    int strideWidth,
    int dilationHeight,
    int dilationWidth) {
  /** Window of a convolution, whose kernel has four dimensions. */
  static Window ofConv2D(FileOperator operator) {
    Conv2DOptions options = operator.options(BuiltinOptions.Conv2DOptions, new Conv2DOptions());
    List<Integer> kernel = operator.input(1).shape;
    return new Window(
        options.padding(),
        kernel.get(1),
        kernel.get(2),
        operator.step(options.strideH()),
        operator.step(options.strideW()),
        operator.step(options.dilationHFactor()),
        operator.step(options.dilationWFactor()));
  }

  /** Window of a depthwise convolution, whose kernel has four dimensions. */
  static Window ofDepthwiseConv2D(FileOperator operator) {
    DepthwiseConv2DOptions options =
        operator.options(BuiltinOptions.DepthwiseConv2DOptions, new DepthwiseConv2DOptions());
    List<Integer> kernel = operator.input(1).shape;
    return new Window(
        options.padding(),
        kernel.get(1),
        kernel.get(2),
        operator.step(options.strideH()),
        operator.step(options.strideW()),
        operator.step(options.dilationHFactor()),
        operator.step(options.dilationWFactor()));
  }

  /** Window of a pooling. */
  static Window ofPool(FileOperator operator) {
    Pool2DOptions options = operator.options(BuiltinOptions.Pool2DOptions, new Pool2DOptions());
    return new Window(
        options.padding(),
        operator.step(options.filterHeight()),
        operator.step(options.filterWidth()),
        operator.step(options.strideH()),
        operator.step(options.strideW()),
        1,
        1);
  }

  /** Output shape for the operator's padding. */
  List<Integer> slide(FileOperator operator, FileTensor x, int channels) {
    operator.require(
        padding == Padding.SAME || padding == Padding.VALID, "has padding %d", padding);
    long down = places(x.shape.get(1), height, strideHeight, dilationHeight);
    long across = places(x.shape.get(2), width, strideWidth, dilationWidth);
    operator.require(down >= 1 && across >= 1, "has a window larger than its image, %s", x);
    return List.of(x.shape.get(0), (int) down, (int) across, channels);
  }

  private long places(int size, int window, int stride, int dilation) {
    long free = padding == Padding.SAME ? size : size - ((window - 1L) * dilation);
    return Math.floorDiv(free + stride - 1, stride);
  }

  /**
   * Whether the window skips the last pixels of a padded image: XNNPACK treats the missing ones as
   * padding, unless the window has one pixel.
   */
  boolean stepsOver(FileTensor x, FileTensor y) {
    return padding == Padding.SAME
        && area() > 1
        && (overlap(x, y, 1, height, strideHeight, dilationHeight) < 0
            || overlap(x, y, 2, width, strideWidth, dilationWidth) < 0);
  }

  private static long overlap(
      FileTensor x, FileTensor y, int dimension, int window, int stride, int dilation) {
    return (y.shape.get(dimension) - 1L) * stride
        + (window - 1L) * dilation
        + 1
        - x.shape.get(dimension);
  }

  /** Number of pixels in the window. */
  long area() {
    return (long) height * width;
  }

  /**
   * Bytes for gathering the pixels of each position of the window: TFLite copies them, XNNPACK
   * stores pointers.
   */
  double workspace(FileTensor y, FileTensor x) {
    boolean single = area() == 1 && strideHeight == 1 && strideWidth == 1;
    double seen = (double) y.elements() / y.channels() * area();
    return single ? 0 : seen * Math.max(Long.BYTES, (long) x.channels() * FileTensor.width(x.type));
  }
}
