package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.image.Fit;
import java.util.List;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Operand;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.core.Stack;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.op.image.ScaleAndTranslate;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * Decodes and fits images inside a graph, equal to {@link io.github.deepxray.core.image.ImageCodec}
 * and {@link Fit}.
 *
 * @param fit how an image becomes an input
 * @param height the height of the input
 * @param width the width of the input
 */
record ImageBytes(Fit fit, int height, int width) {
  /**
   * Adds the decoding of a batch of images of different sizes.
   *
   * @param bytes JPEG or PNG files, {@code [N]}
   * @return RGB images {@code [N, height, width, 3]} of whole numbers 0..255
   */
  Operand<TFloat32> decode(Ops tf, Operand<TString> bytes) {
    try (ConcreteFunction one = ConcreteFunction.create(this::decodeOne)) {
      // Images of different sizes cannot be one tensor, so each is decoded separately.
      return tf.withName("decoded")
          .mapDefun(
              List.of(bytes),
              List.of(),
              List.of(TFloat32.class),
              List.of(Shape.of(height, width, 3)),
              one)
          .iterator()
          .next()
          .asOutput()
          .expect(TFloat32.class);
    }
  }

  private Signature decodeOne(Ops tf) {
    Placeholder<TString> bytes =
        tf.withName("bytes").placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    // The operation also decodes PNG; of 16 bits it keeps the high byte.
    DecodeJpeg decoded =
        tf.image.decodeJpeg(
            bytes, DecodeJpeg.channels(3L), DecodeJpeg.dctMethod("INTEGER_ACCURATE"));
    Operand<TInt32> size = size(tf, decoded);
    Operand<TInt32> input = tf.constant(new int[] {height, width});
    Operand<TFloat32> fitted =
        switch (fit) {
          case STRETCH -> resized(tf, decoded, input);
          case CROP -> resized(tf, cropped(tf, decoded, size, like(tf, size, input, size)), input);
          case PAD -> {
            Operand<TInt32> inside = like(tf, input, size, input);
            yield padded(tf, resized(tf, decoded, inside), inside, input);
          }
        };
    return Signature.builder("decode_image")
        .input("bytes", bytes)
        .output("image", tf.squeeze(fitted, Squeeze.axis(List.of(0L))))
        .build();
  }

  /** Height and width of an image. */
  private static Operand<TInt32> size(Ops tf, Operand<TUint8> image) {
    return tf.slice(tf.shape(image), tf.constant(new int[] {0}), tf.constant(new int[] {2}));
  }

  /**
   * Returns the size of another aspect ratio within a size, as {@link Fit} rounds it.
   *
   * @param size height and width
   * @param other height and width of that aspect ratio
   * @param most the largest height and width
   */
  private static Operand<TInt32> like(
      Ops tf, Operand<TInt32> size, Operand<TInt32> other, Operand<TInt32> most) {
    Operand<TInt32> last = tf.constant(new int[] {0});
    Operand<TInt64> across = tf.dtypes.cast(tf.reverse(size, last), TInt64.class);
    Operand<TInt64> numerator = tf.dtypes.cast(other, TInt64.class);
    Operand<TInt64> denominator = tf.dtypes.cast(tf.reverse(other, last), TInt64.class);
    Operand<TInt64> two = tf.constant(2L);
    Operand<TInt64> rounded =
        tf.math.floorDiv(
            tf.math.add(tf.math.mul(two, tf.math.mul(across, numerator)), denominator),
            tf.math.mul(two, denominator));
    Operand<TInt64> limited = tf.math.minimum(tf.dtypes.cast(most, TInt64.class), rounded);
    return tf.dtypes.cast(tf.math.maximum(tf.constant(1L), limited), TInt32.class);
  }

  private static Operand<TInt32> half(Ops tf, Operand<TInt32> difference) {
    return tf.math.floorDiv(difference, tf.constant(2));
  }

  /** Cuts the middle out of an image. */
  private static Operand<TUint8> cropped(
      Ops tf, Operand<TUint8> image, Operand<TInt32> size, Operand<TInt32> kept) {
    Operand<TInt32> axis = tf.constant(0);
    Operand<TInt32> first = half(tf, tf.math.sub(size, kept));
    return tf.slice(
        image,
        tf.concat(List.of(first, tf.constant(new int[] {0})), axis),
        tf.concat(List.of(kept, tf.constant(new int[] {3})), axis));
  }

  /**
   * Resizes an image and rounds to whole numbers.
   *
   * @return a batch of one image
   */
  private static Operand<TFloat32> resized(Ops tf, Operand<TUint8> image, Operand<TInt32> size) {
    Operand<TFloat32> scale =
        tf.math.div(
            tf.dtypes.cast(size, TFloat32.class), tf.dtypes.cast(size(tf, image), TFloat32.class));
    Operand<TFloat32> resized =
        tf.image.scaleAndTranslate(
            tf.expandDims(image, tf.constant(0)),
            size,
            scale,
            tf.constant(new float[] {0, 0}),
            ScaleAndTranslate.kernelType("triangle"),
            ScaleAndTranslate.antialias(true));
    Operand<TFloat32> rounded = tf.math.floor(tf.math.add(resized, tf.constant(0.5f)));
    return tf.clipByValue(rounded, tf.constant(0f), tf.constant(255f));
  }

  /** Puts the image of a batch in the middle of black. */
  private Operand<TFloat32> padded(
      Ops tf, Operand<TFloat32> images, Operand<TInt32> size, Operand<TInt32> to) {
    Operand<TInt32> difference = tf.math.sub(to, size);
    Operand<TInt32> before = half(tf, difference);
    Operand<TInt32> bars =
        tf.stack(List.of(before, tf.math.sub(difference, before)), Stack.axis(1L));
    Operand<TInt32> none = tf.constant(new int[][] {{0, 0}});
    Operand<TInt32> paddings = tf.concat(List.of(none, bars, none), tf.constant(0));
    return tf.reshape(
        tf.pad(images, paddings, tf.constant(0f)), tf.constant(new int[] {1, height, width, 3}));
  }
}
