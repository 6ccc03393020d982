package io.github.deepxray.datasets;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Information in the name of an X-ray's file. The file names of the archive are
 *
 * <ul>
 *   <li>{@code person<N>_<bacteria|virus>_<i>.jpeg}: pneumonia, patient {@code person<N>_<kind>};
 *   <li>{@code IM-<dddd>-….jpeg}, {@code NORMAL2-IM-<dddd>-….jpeg}: normal, patient up to {@code
 *       <dddd>}.
 * </ul>
 *
 * @param patient the patient, if known
 * @param slice the slice, if known; never {@link Slice#UNSPECIFIED}
 */
record XrayName(Optional<String> patient, Optional<Slice> slice) {
  private static final Pattern PNEUMONIA = Pattern.compile("(person\\d+_(bacteria|virus))_\\d.*");
  private static final Pattern NORMAL = Pattern.compile("((?:NORMAL2-)?IM-\\d+)-\\d.*");
  private static final XrayName NOTHING = new XrayName(Optional.empty(), Optional.empty());

  /** Parses a name; folders before it, separated by {@code /}, are ignored. */
  public static XrayName parse(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    Matcher sick = PNEUMONIA.matcher(name);
    if (sick.matches()) {
      Slice slice = sick.group(2).equals("bacteria") ? Slice.BACTERIAL : Slice.VIRAL;
      return new XrayName(Optional.of(sick.group(1)), Optional.of(slice));
    }
    Matcher normal = NORMAL.matcher(name);
    if (normal.matches()) {
      return new XrayName(Optional.of(normal.group(1)), Optional.of(Slice.NORMAL));
    }
    return NOTHING;
  }

  /** Whether the name contradicts a label. */
  public boolean contradicts(Label label) {
    return slice.isPresent() && (slice.get() == Slice.NORMAL) != label.equals(Label.NEGATIVE);
  }

  /** Slice of an image with this name and label. */
  public Slice slice(Label label) {
    if (label.equals(Label.NEGATIVE)) {
      return Slice.NORMAL;
    }
    return slice.filter(s -> s != Slice.NORMAL).orElse(Slice.UNSPECIFIED);
  }
}
