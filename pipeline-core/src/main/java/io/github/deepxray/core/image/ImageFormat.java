package io.github.deepxray.core.image;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The kinds of image files that {@link ImageCodec} reads. */
public enum ImageFormat {
  /** JPEG, baseline and progressive: grey, colour, CMYK and YCCK. */
  JPEG,
  /** PNG with 1 to 16 bits. */
  PNG,
  /** Windows bitmaps. */
  BMP,
  /** TIFF; of several pages the first. */
  TIFF;

  /** The name in files: lower case. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The extensions of these formats' names, in lower case. */
  public static List<String> extensions() {
    return List.of("jpeg", "jpg", "jfif", "jpe", "png", "bmp", "tif", "tiff");
  }

  /**
   * The extension of a file's name in lower case, without the dot; empty if what follows the last
   * dot is none, as in a number.
   */
  public static String extension(String name) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    int dot = last.lastIndexOf('.');
    String end = dot <= 0 ? "" : last.substring(dot + 1).toLowerCase(Locale.ROOT);
    return end.matches("(?=.*[a-z])[a-z0-9_]{1,10}") ? end : "";
  }

  /** Whether a file's name ends as one of these formats' names do. */
  public static boolean isImageName(String name) {
    int dot = name.lastIndexOf('.');
    return dot >= 0 && ofExtension(name.substring(dot + 1)).isPresent();
  }

  /** The format of an extension without the dot, which is also what the JDK calls it. */
  static Optional<ImageFormat> ofExtension(String extension) {
    return switch (extension.toLowerCase(Locale.ROOT)) {
      case "jpeg", "jpg", "jfif", "jpe" -> Optional.of(JPEG);
      case "png" -> Optional.of(PNG);
      case "bmp" -> Optional.of(BMP);
      case "tif", "tiff" -> Optional.of(TIFF);
      default -> Optional.empty();
    };
  }
}
