package io.github.deepxray.core.image;

import io.github.deepxray.core.internal.io.Hashes;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/** Immutable image {@code [H, W, 3]} of 8-bit red, green and blue values, row by row. */
public final class RgbImage {
  private final int height;
  private final int width;
  private final byte[] pixels;

  private RgbImage(int height, int width, byte[] pixels) {
    this.height = height;
    this.width = width;
    this.pixels = pixels;
  }

  /**
   * Creates an image from a copy of the values.
   *
   * @param pixels {@code height * width * 3} values
   * @throws IllegalArgumentException if their number does not fit
   */
  public static RgbImage of(int height, int width, byte[] pixels) {
    return wrap(height, width, pixels.clone());
  }

  /** Creates an image that takes over the array; the caller must not write to it. */
  static RgbImage wrap(int height, int width, byte[] pixels) {
    if (height < 1 || width < 1 || pixels.length != Math.multiplyExact(height, width) * 3L) {
      throw new IllegalArgumentException(
          pixels.length + " values for " + height + " x " + width + " x 3");
    }
    return new RgbImage(height, width, pixels);
  }

  /** The height in pixels. */
  public int height() {
    return height;
  }

  /** The width in pixels. */
  public int width() {
    return width;
  }

  /** Value 0..255 of a channel: 0 is red, 1 green, 2 blue. */
  public int at(int row, int column, int channel) {
    return pixels[(row * width + column) * 3 + channel] & 0xff;
  }

  /** Returns a copy of the values. */
  public byte[] toBytes() {
    return pixels.clone();
  }

  /**
   * Writes the values 0..255 as floats into an array.
   *
   * @param target the target, at least {@code offset + height * width * 3} long
   * @param offset the position of the first value
   */
  public void copyTo(float[] target, int offset) {
    for (int i = 0; i < pixels.length; i++) {
      target[offset + i] = pixels[i] & 0xff;
    }
  }

  /** Whether red, green and blue are equal everywhere, as in a radiograph. */
  public boolean isGrey() {
    for (int i = 0; i < pixels.length; i += 3) {
      if (pixels[i] != pixels[i + 1] || pixels[i] != pixels[i + 2]) {
        return false;
      }
    }
    return true;
  }

  /** SHA-256 of height, width and values; equal for images with equal pixels. */
  public String sha256() {
    MessageDigest digest = Hashes.newSha256();
    digest.update(ByteBuffer.allocate(2 * Integer.BYTES).putInt(height).putInt(width).array());
    digest.update(pixels);
    return Hashes.hex(digest.digest());
  }

  byte[] pixels() {
    return pixels;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RgbImage i
        && height == i.height
        && width == i.width
        && Arrays.equals(pixels, i.pixels);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(pixels);
  }

  @Override
  public String toString() {
    return height + " x " + width + " RGB";
  }
}
