package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.datasets.source.Junk;
import io.github.deepxray.datasets.source.SourceLimits;
import java.util.Locale;

/**
 * Checks the names of a source's entries before anything is done with them.
 *
 * @param source how messages name the source
 * @param limits how long a name may be
 * @param advice what the user can do about an entry that is refused, the end of a sentence
 */
public record Names(String source, SourceLimits limits, String advice) {
  /**
   * Refuses a path that could mean a place outside its source.
   *
   * @throws RefusedException naming it
   */
  public void check(String path) {
    if (path.length() > limits.maxNameLength()) {
      throw refused(
          path.substring(0, Math.min(60, path.length())) + "...",
          "has a name of " + path.length() + " characters, more than " + limits.maxNameLength());
    }
    // Windows reads a backslash as a divider.
    String unified = path.replace('\\', '/');
    if (unified.startsWith("/") || unified.matches("[A-Za-z]:.*")) {
      throw refused(path, "is an absolute path");
    }
    for (String part : unified.split("/", -1)) {
      if (part.equals("..")) {
        throw refused(path, "climbs out of its folder");
      }
    }
    if (path.chars().anyMatch(Character::isISOControl) && Junk.of(path).isEmpty()) {
      throw refused(path, "has a control character in its name");
    }
  }

  /** The refusal of one entry. */
  RefusedException refused(String path, String why) {
    return new RefusedException(
        source + ": the entry \"" + printable(path) + "\" " + why + "; " + advice + ".");
  }

  /** A name without what could confuse a terminal. */
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
