package io.github.deepxray.datasets.source;

import io.github.deepxray.core.DeepXrayException;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which data set of Kaggle is meant.
 *
 * @param owner the user who published it, as in its address
 * @param name its name, as in its address
 * @param version which version, 1 or more; if empty the newest
 */
public record KaggleDataset(String owner, String name, OptionalInt version) {
  /** Chest X-Ray Images (Pneumonia) by Kermany et al. 2018. */
  public static final KaggleDataset CHEST_XRAY_PNEUMONIA =
      new KaggleDataset("paultimothymooney", "chest-xray-pneumonia", OptionalInt.empty());

  private static final Pattern HANDLE =
      Pattern.compile("([\\w-]+)/([\\w-]+)(?:/versions/([1-9]\\d{0,5}))?");

  /** Checks that both names can be part of an address and of a path. */
  public KaggleDataset {
    if (!owner.matches("[\\w-]+") || !name.matches("[\\w-]+")) {
      throw new IllegalArgumentException("no names of Kaggle: " + owner + ", " + name);
    }
  }

  /**
   * Reads a handle as kagglehub writes it.
   *
   * @param handle {@code <owner>/<name>} or {@code <owner>/<name>/versions/<n>}
   * @throws DeepXrayException if it is none
   */
  public static KaggleDataset parse(String handle) {
    Matcher parts = HANDLE.matcher(handle);
    if (!parts.matches()) {
      throw new DeepXrayException(
          ("\"%s\" names no data set of Kaggle; write <owner>/<name> as in its address, such "
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

  /** The same data set in one version. */
  public KaggleDataset withVersion(int number) {
    return new KaggleDataset(owner, name, OptionalInt.of(number));
  }

  /** The page that shows it to people. */
  public String page() {
    return "https://www.kaggle.com/datasets/" + owner + "/" + name;
  }

  /** The handle. */
  @Override
  public String toString() {
    return owner + "/" + name + (version.isPresent() ? "/versions/" + version.getAsInt() : "");
  }
}
