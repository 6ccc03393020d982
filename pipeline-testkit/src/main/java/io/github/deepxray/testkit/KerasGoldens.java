package io.github.deepxray.testkit;

import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;

/** Golden results of Keras, made by the scripts in {@code tools/goldens}. */
public final class KerasGoldens {
  /** Number of features of EfficientNetB0. */
  public static final int FEATURES = 1280;

  /** Other variants with goldens. */
  public static final List<EfficientNet> VARIANTS =
      List.of(EfficientNet.B1, EfficientNet.B2, EfficientNet.B3);

  /** Pattern of the variants' goldens. */
  public static final int VARIANT_PATTERN = 5;

  private KerasGoldens() {}

  /**
   * Features of the {@link PatternImages} at 224 x 224 pixels: {@code
   * EfficientNetB0(include_top=False, pooling="avg")} with its ImageNet weights.
   *
   * @return {@code [8][1280]}
   */
  public static float[][] efficientNetB0Features() {
    float[][] features = new float[PatternImages.COUNT][];
    for (int i = 0; i < features.length; i++) {
      features[i] = floats("efficientnetb0-features.f32", i * FEATURES, FEATURES);
    }
    return features;
  }

  /**
   * Features of pattern {@value #VARIANT_PATTERN} at the variant's own resolution, computed by
   * Keras with the weights of {@link #variantWeights}.
   *
   * @param variant one of {@link #VARIANTS}
   */
  public static float[] variantFeatures(EfficientNet variant) {
    int from = 0;
    for (EfficientNet earlier : VARIANTS) {
      int features = earlier.network().size(EfficientNet.FEATURES);
      if (earlier.equals(variant)) {
        return floats("efficientnet-variants.f32", from, features);
      }
      from += features;
    }
    throw new IllegalArgumentException("no golden of " + variant);
  }

  /** Weights whose values are computed from their names. */
  public static Weights variantWeights(EfficientNet variant) {
    Weights.Builder weights = Weights.builder();
    for (WeightSpec spec : variant.network().weightSpecs()) {
      weights.put(spec.name(), FloatTensor.of(values(spec), spec.shape()));
    }
    return weights
        .put("normalization/mean", FloatTensor.of(new float[] {0.485f, 0.456f, 0.406f}, 3))
        .put("normalization/variance", FloatTensor.of(new float[] {0.229f, 0.224f, 0.225f}, 3))
        .build();
  }

  private static float[] values(WeightSpec spec) {
    CRC32 crc = new CRC32();
    crc.update(spec.name().getBytes(StandardCharsets.UTF_8));
    int start = (int) crc.getValue();
    List<Integer> shape = spec.shape();
    float[] values = new float[spec.size()];
    for (int i = 0; i < values.length; i++) {
      double u = Integer.toUnsignedLong(PatternImages.hash(start + i)) / 2147483648.0 - 1;
      values[i] =
          (float)
              switch (spec.name().substring(spec.name().indexOf('/') + 1)) {
                case "kernel" -> u * Math.sqrt(4.0 / (shape.get(0) * shape.get(1) * shape.get(2)));
                case "depthwise_kernel" -> u * Math.sqrt(6.0 / (shape.get(0) * shape.get(1)));
                case "gamma" -> 1 + u / 4;
                case "moving_variance" -> 1 + u / 2;
                default -> u / 4;
              };
    }
    return values;
  }

  private static float[] floats(String resource, int from, int count) {
    try (InputStream in = KerasGoldens.class.getResourceAsStream(resource)) {
      in.skipNBytes((long) from * Float.BYTES);
      byte[] bytes = new byte[count * Float.BYTES];
      new DataInputStream(in).readFully(bytes);
      float[] values = new float[count];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
      return values;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + resource, e);
    }
  }
}
