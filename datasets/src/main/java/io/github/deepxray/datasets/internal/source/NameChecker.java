package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.datasets.source.Junk;
import io.github.deepxray.datasets.source.SourceLimits;
import java.util.Locale;

/**
 * Checks the names of a source's entries.
 *
 * @param source the name of the source in messages
 * @param limits the limit of the length of a name
 * @param advice what to do about a rejected entry, the end of a sentence
 */
public record NameChecker(String source, SourceLimits limits, String advice) {
  /**
   * Rejects a path that could lead outside its source.
   *
   * @throws RefusedException if the path is rejected; the message contains it
   */
  public void check(String path) {
    if (path.length() > limits.maxNameLength()) {
      throw refused(
          path.substring(0, Math.min(60, path.length())) + "...",
          "has a name of " + path.length() + " characters, more than " + limits.maxNameLength());
    }
    // Windows accepts a backslash as a separator.
    String unified = path.replace('\\', '/');
    if (unified.startsWith("/") || unified.matches("[A-Za-z]:.*")) {
      throw refused(path, "is an absolute path");
    }
    for (String part : unified.split("/", -1)) {
      if (part.equals("..")) {
        throw refused(path, "leads outside its folder");
      }
    }
    if (path.chars().anyMatch(Character::isISOControl) && Junk.of(path).isEmpty()) {
      throw refused(path, "has a control character in its name");
    }
  }

  /** Creates the exception for an entry. */
  RefusedException refused(String path, String why) {
    return new RefusedException(
        source + ": the entry \"" + printable(path) + "\" " + why + "; " + advice + ".");
  }

  /** Name without terminal control characters. */
  private static String printable(String name) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (Character.isISOControl(c)) {
        text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }
}
