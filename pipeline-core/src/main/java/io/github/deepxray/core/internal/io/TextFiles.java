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

/** Reads files of text in UTF-8, and checks the names of files that they hold. */
public final class TextFiles {
  private TextFiles() {}

  /**
   * Reads a file; a byte order mark, which editors on Windows put before a text, is left out.
   *
   * @param largest how many MiB it may have
   * @throws DeepXrayException if it has more, or is no text in UTF-8
   * @throws IOException if it cannot be read
   */
  public static String read(Path file, int largest) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes((largest << 20) + 1);
    }
    if (bytes.length > largest << 20) {
      throw new DeepXrayException(file + " has more than " + largest + " MiB; it is no such file.");
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new DeepXrayException(file + " is no text in UTF-8; save it as such.", e);
    }
  }

  /**
   * Checks the name of a file in a folder, with {@code /} between its parts.
   *
   * @return the name
   * @throws IllegalArgumentException if it would lie outside the folder, or be refused by some file
   *     system
   */
  public static String requireInside(String name) {
    boolean inside =
        name.chars().noneMatch(c -> c < ' ' || "\\:*?\"<>|".indexOf(c) >= 0)
            && List.of(name.split("/", -1)).stream()
                .noneMatch(part -> part.isBlank() || part.equals(".") || part.equals(".."));
    if (!inside || !isName(name)) {
      throw new IllegalArgumentException("no file of the folder can be called " + name);
    }
    return name;
  }

  /** Whether the encoding of names on this machine has all of the characters. */
  private static boolean isName(String name) {
    try {
      return !Path.of(name).isAbsolute();
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
