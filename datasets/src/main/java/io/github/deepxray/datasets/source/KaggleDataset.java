package io.github.deepxray.datasets.source;

import io.github.deepxray.core.DeepXrayException;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Data set on Kaggle.
 *
 * @param owner the publisher, as in the address
 * @param name the name, as in the address
 * @param version the version, 1 or more; if empty the newest
 */
public record KaggleDataset(String owner, String name, OptionalInt version) {
  /** Chest X-Ray Images (Pneumonia) by Kermany et al. 2018. */
  public static final KaggleDataset CHEST_XRAY_PNEUMONIA =
      new KaggleDataset("paultimothymooney", "chest-xray-pneumonia", OptionalInt.empty());

  private static final Pattern HANDLE =
      Pattern.compile("([\\w-]+)/([\\w-]+)(?:/versions/([1-9]\\d{0,5}))?");

  /** Checks that both names are valid in an address and a path. */
  public KaggleDataset {
    if (!owner.matches("[\\w-]+") || !name.matches("[\\w-]+")) {
      throw new IllegalArgumentException("invalid Kaggle names: " + owner + ", " + name);
    }
  }

  /**
   * Parses a handle in kagglehub's format.
   *
   * @param handle {@code <owner>/<name>} or {@code <owner>/<name>/versions/<n>}
   * @throws DeepXrayException if the text is no handle
   */
  public static KaggleDataset parse(String handle) {
    Matcher parts = HANDLE.matcher(handle);
    if (!parts.matches()) {
      throw new DeepXrayException(
          ("\"%s\" is not a Kaggle data set; write <owner>/<name> as in its address, such "
                  + "as %s.")
              .formatted(handle, CHEST_XRAY_PNEUMONIA));
    }
    return new KaggleDataset(
        parts.group(1),
        parts.group(2),
        parts.group(3) == null
            ? OptionalInt.empty()
            : OptionalInt.of(Integer.parseInt(parts.group(3))));
  }

  /** Returns a copy with a version. */
  public KaggleDataset withVersion(int number) {
    return new KaggleDataset(owner, name, OptionalInt.of(number));
  }

  /** Address of the web page. */
  public String page() {
    return "https://www.kaggle.com/datasets/" + owner + "/" + name;
  }

  /** Formats the handle. */
  @Override
  public String toString() {
    return owner + "/" + name + (version.isPresent() ? "/versions/" + version.getAsInt() : "");
  }
}
