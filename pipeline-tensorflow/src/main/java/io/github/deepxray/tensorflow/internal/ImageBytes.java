package io.github.deepxray.tensorflow.internal;

import java.util.List;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Operand;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.op.image.ScaleAndTranslate;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * Decodes and resizes images inside a graph, equal to {@link
 * io.github.deepxray.core.image.ImageCodec} and {@link io.github.deepxray.core.image.Resizer}.
 */
final class ImageBytes {
  private ImageBytes() {}

  /**
   * Adds the decoding of a batch of images of different sizes.
   *
   * @param bytes JPEG or PNG files, {@code [N]}
   * @return RGB images {@code [N, height, width, 3]} of whole numbers 0..255
   */
  static Operand<TFloat32> decode(Ops tf, Operand<TString> bytes, int height, int width) {
    try (ConcreteFunction one = ConcreteFunction.create(ops -> decodeOne(ops, height, width))) {
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

  private static Signature decodeOne(Ops tf, int height, int width) {
    Placeholder<TString> bytes =
        tf.withName("bytes").placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    // The operation also decodes PNG; of 16 bits it keeps the high byte.
    DecodeJpeg decoded =
        tf.image.decodeJpeg(
            bytes, DecodeJpeg.channels(3L), DecodeJpeg.dctMethod("INTEGER_ACCURATE"));
    Operand<TInt32> size =
        tf.slice(tf.shape(decoded), tf.constant(new int[] {0}), tf.constant(new int[] {2}));
    Operand<TFloat32> scale =
        tf.math.div(tf.constant(new float[] {height, width}), tf.dtypes.cast(size, TFloat32.class));
    Operand<TFloat32> resized =
        tf.image.scaleAndTranslate(
            tf.expandDims(decoded, tf.constant(0)),
            tf.constant(new int[] {height, width}),
            scale,
            tf.constant(new float[] {0, 0}),
            ScaleAndTranslate.kernelType("triangle"),
            ScaleAndTranslate.antialias(true));
    Operand<TFloat32> rounded = tf.math.floor(tf.math.add(resized, tf.constant(0.5f)));
    Operand<TFloat32> clipped = tf.clipByValue(rounded, tf.constant(0f), tf.constant(255f));
    return Signature.builder("decode_image")
        .input("bytes", bytes)
        .output("image", tf.squeeze(clipped, Squeeze.axis(List.of(0L))))
        .build();
  }
}
