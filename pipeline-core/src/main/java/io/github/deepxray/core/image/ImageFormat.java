package io.github.deepxray.core.image;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * Format of image files, provided by a library as a {@link java.util.ServiceLoader service}. {@link
 * ImageFormats} finds the formats; data sets and commands then read such files, and a server if
 * {@link #isServed} is true.
 *
 * <p>For a damaged file the methods throw an {@link IOException} whose message is a short reason,
 * such as {@code it is cut off}; {@link ImageCodec} completes the message.
 */
public interface ImageFormat {
  /** Name in lower case, such as {@code jpeg}, unique among all formats. */
  String name();

  /** Name in messages; by default the name in upper case. */
  default String title() {
    return name().toUpperCase(Locale.ROOT);
  }

  /** File name extensions in lower case, without the dot. */
  List<String> extensions();

  /** Whether the first bytes of a file are those of this format. */
  boolean matches(byte[] bytes);

  /**
   * Whether a server accepts this format. Servers receive untrusted files: return true only if
   * hostile files cost no more time or memory than {@link ImageLimits} allow.
   */
  default boolean isServed() {
    return false;
  }

  /**
   * Reads the header without decoding the image.
   *
   * @param source the name of the file, for messages
   * @throws IOException if the header is damaged
   */
  ImageCodec.Header header(byte[] bytes, String source) throws IOException;

  /**
   * Decodes an image. Implementations call {@link ImageLimits#check} before they allocate memory
   * for the pixels.
   *
   * @param source the name of the file, for messages
   * @param limits the limits of the image's size
   * @throws io.github.deepxray.core.DeepXrayException if the image exceeds the limits
   * @throws IOException if the image is damaged
   */
  DecodedImage decode(byte[] bytes, String source, ImageLimits limits) throws IOException;
}
