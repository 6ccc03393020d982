package io.github.deepxray.testkit;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What Keras computed, made by the scripts in {@code tools/goldens}. */
public final class KerasGoldens {
  /** The number of features of EfficientNetB0. */
  public static final int FEATURES = 1280;

  private KerasGoldens() {}

  /**
   * The features of the {@link PatternImages} at 224 x 224 pixels: {@code
   * EfficientNetB0(include_top=False, pooling="avg")} with its ImageNet weights.
   *
   * @return {@code [8][1280]}
   */
  public static float[][] efficientNetB0Features() {
    float[][] features = new float[PatternImages.COUNT][FEATURES];
    String name = "efficientnetb0-features.f32";
    try (InputStream in = KerasGoldens.class.getResourceAsStream(name)) {
      byte[] bytes = new byte[PatternImages.COUNT * FEATURES * Float.BYTES];
      new DataInputStream(in).readFully(bytes);
      ByteBuffer values = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      for (float[] image : features) {
        for (int i = 0; i < FEATURES; i++) {
          image[i] = values.getFloat();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
    return features;
  }
}
