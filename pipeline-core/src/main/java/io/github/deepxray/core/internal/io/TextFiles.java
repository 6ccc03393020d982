package io.github.deepxray.core.internal.io;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/** Reads UTF-8 text files and checks file names. */
public final class TextFiles {
  private TextFiles() {}

  /**
   * Reads a file without its byte order mark, which some editors on Windows add.
   *
   * @param largest the largest size in MiB
   * @throws DeepXrayException if the file is larger, or not UTF-8
   * @throws IOException if the file cannot be read
   */
  public static String read(Path file, int largest) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes((largest << 20) + 1);
    }
    if (bytes.length > largest << 20) {
      throw new DeepXrayException(
          file + " has more than " + largest + " MiB, too large for a file of this kind.");
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new DeepXrayException(file + " is not UTF-8 text; save it as UTF-8.", e);
    }
  }

  /**
   * Checks the relative path of a file in a folder, with {@code /} as separator.
   *
   * @return the path
   * @throws IllegalArgumentException if the path leads outside the folder, or is invalid on some
   *     file system
   */
  public static String requireInside(String name) {
    boolean inside =
        name.chars().noneMatch(c -> c < ' ' || "\\:*?\"<>|".indexOf(c) >= 0)
            && List.of(name.split("/", -1)).stream()
                .noneMatch(part -> part.isBlank() || part.equals(".") || part.equals(".."));
    if (!inside || !isName(name)) {
      throw new IllegalArgumentException("invalid name of a file in the folder: " + name);
    }
    return name;
  }

  /** Whether the file name encoding of this machine has all characters of a name. */
  private static boolean isName(String name) {
    try {
      return !Path.of(name).isAbsolute();
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
