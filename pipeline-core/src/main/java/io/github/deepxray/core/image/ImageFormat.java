package io.github.deepxray.core.image;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * Format of image files. A library offers one as a {@link java.util.ServiceLoader service}; {@link
 * ImageFormats} finds it, and data sets and commands then read such files, a server if {@link
 * #isServed} says so.
 *
 * <p>Of a file that is damaged an {@link IOException} says what is wrong in a few words, such as
 * {@code it is cut off}; {@link ImageCodec} makes the message of it.
 */
public interface ImageFormat {
  /** The name in lower case, such as {@code jpeg}; no two formats have the same. */
  String name();

  /** The name in messages; upper case. */
  default String title() {
    return name().toUpperCase(Locale.ROOT);
  }

  /** The extensions of such files' names, in lower case and without the dot. */
  List<String> extensions();

  /** Whether the first bytes of a file are those of this format. */
  boolean matches(byte[] bytes);

  /**
   * Whether a server reads this format. Anybody may send it anything: this must hold only if
   * hostile files take no more time or memory than {@link ImageLimits} let expect.
   */
  default boolean isServed() {
    return false;
  }

  /**
   * Reads the header alone; nothing is decoded.
   *
   * @param source where the bytes come from, for messages
   * @throws IOException if the header is damaged
   */
  ImageCodec.Header header(byte[] bytes, String source) throws IOException;

  /**
   * Decodes an image. Before it allocates memory for the pixels it calls {@link ImageLimits#check}.
   *
   * @param source where the bytes come from, for messages
   * @param limits how large the image may be
   * @throws io.github.deepxray.core.DeepXrayException if it is larger
   * @throws IOException if it is damaged
   */
  DecodedImage decode(byte[] bytes, String source, ImageLimits limits) throws IOException;
}
