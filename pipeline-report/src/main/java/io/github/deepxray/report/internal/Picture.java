package io.github.deepxray.report.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import java.util.Base64;
import java.util.Optional;

/**
 * Thumbnail of an X-ray for the report.
 *
 * @param file name of the X-ray, as in the predictions
 * @param split split of the X-ray
 * @param slice key of its finer class, or the name of its class if there are none
 * @param jpeg bytes of a JPEG file in base64
 * @param heat heat map of the positive class, or of the most probable of more than two, if
 *     requested
 */
public record Picture(String file, String split, String slice, String jpeg, Optional<Heat> heat) {
  /** JPEG quality for small files; X-rays have few sharp edges. */
  private static final int QUALITY = 80;

  /** Size limit of pictures of a report. */
  private static final ImageLimits LIMITS = ImageLimits.DEFAULT.withMaxPixels(1 << 20);

  /**
   * Heat map in steps of 1/255 of its maximum.
   *
   * @param height number of rows
   * @param width number of columns
   * @param values a byte for each cell, row by row, in base64; all 0 for an empty map
   */
  public record Heat(int height, int width, String values) {
    /** Rounds a heat map. */
    public static Heat of(HeatMap map) {
      float[] values = map.normalized().values();
      byte[] steps = new byte[values.length];
      for (int i = 0; i < steps.length; i++) {
        steps[i] = (byte) Math.round(255 * values[i]);
      }
      return new Heat(map.height(), map.width(), Base64.getEncoder().encodeToString(steps));
    }

    HeatMap map() {
      byte[] steps = Base64.getDecoder().decode(values);
      float[] shares = new float[steps.length];
      for (int i = 0; i < steps.length; i++) {
        shares[i] = (steps[i] & 0xff) / 255f;
      }
      return HeatMap.of(height, width, shares);
    }
  }

  /**
   * Creates a thumbnail.
   *
   * @param slice key of its finer class, or the name of its class if there are none
   * @param size maximum length of the longer side in pixels
   */
  public static Picture of(XrayRecord record, Split split, String slice, int size) {
    RgbImage image = record.decode();
    double shrink = Math.min(1, (double) size / Math.max(image.height(), image.width()));
    RgbImage small =
        Resizer.resize(
            image,
            (int) Math.max(1, Math.rint(image.height() * shrink)),
            (int) Math.max(1, Math.rint(image.width() * shrink)));
    return new Picture(
        record.filename(),
        split.key(),
        slice,
        Base64.getEncoder().encodeToString(ImageCodec.encodeJpeg(small, QUALITY)),
        Optional.empty());
  }

  /** Returns a copy with a heat map. */
  public Picture with(HeatMap map) {
    return new Picture(file, split, slice, jpeg, Optional.of(Heat.of(map)));
  }

  /**
   * Decodes the picture.
   *
   * @throws DeepXrayException if it is damaged
   */
  RgbImage image() {
    try {
      return ImageCodec.decode(Base64.getDecoder().decode(jpeg), file, LIMITS);
    } catch (IllegalArgumentException e) {
      throw damaged(e);
    }
  }

  /**
   * Decodes the heat map, if there is one.
   *
   * @throws DeepXrayException if it is damaged
   */
  Optional<HeatMap> heatMap() {
    try {
      return heat.map(Heat::map);
    } catch (IllegalArgumentException e) {
      throw damaged(e);
    }
  }

  private DeepXrayException damaged(IllegalArgumentException e) {
    return new DeepXrayException(
        "The picture of " + file + " is damaged (" + e.getMessage() + "); export the bundle again.",
        e);
  }

  /** Returns a picture as a data URL. */
  static String address(RgbImage image) {
    return "data:image/jpeg;base64,"
        + Base64.getEncoder().encodeToString(ImageCodec.encodeJpeg(image, QUALITY));
  }

  /** Returns this picture as a data URL. */
  String address() {
    return "data:image/jpeg;base64," + jpeg;
  }
}
