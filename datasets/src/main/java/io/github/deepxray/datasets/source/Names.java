package io.github.deepxray.datasets.source;

import java.util.Locale;

/** Checks names before anything is done with them. */
public final class Names {
  private Names() {}

  /**
   * Refuses a path that could mean a place outside its source.
   *
   * @throws RefusedException naming it
   */
  public static void check(String path, String source, Limits limits) {
    if (path.length() > limits.maxNameLength()) {
      throw refused(
          source,
          path.substring(0, Math.min(60, path.length())) + "...",
          "has a name of " + path.length() + " characters, more than " + limits.maxNameLength());
    }
    // Windows reads a backslash as a divider.
    String unified = path.replace('\\', '/');
    if (unified.startsWith("/") || unified.matches("[A-Za-z]:.*")) {
      throw refused(source, path, "is an absolute path");
    }
    for (String part : unified.split("/", -1)) {
      if (part.equals("..")) {
        throw refused(source, path, "climbs out of its folder");
      }
    }
    for (int i = 0; i < path.length(); i++) {
      if (Character.isISOControl(path.charAt(i))) {
        throw refused(source, path, "has a control character in its name");
      }
    }
  }

  /** The refusal of one entry. */
  static RefusedException refused(String source, String path, String why) {
    return new RefusedException(
        source
            + ": the entry \""
            + printable(path)
            + "\" "
            + why
            + "; nothing was read, take the archive from its publisher.");
  }

  /** A name without what could confuse a terminal. */
  static String printable(String name) {
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
