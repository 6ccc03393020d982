package io.github.deepxray.core.image;

import io.github.deepxray.core.internal.Keyed;

/** What users should know about how an image was read. */
public enum ImageNote implements Keyed {
  /** An orientation tag turned or mirrored it. */
  TURNED("was turned upright as its orientation tag says"),
  /** Its samples of 16 bits leave the highest bits unused, so that it is dark. */
  PART_OF_RANGE("uses only a part of the range of its 16 bits, which makes it dark"),
  /** It has several pages; the largest is read, of equals the first. */
  PAGES("has several pages, of which the largest was read");

  private final String words;

  ImageNote(String words) {
    this.words = words;
  }

  /** The rest of a sentence that begins with the name of the image. */
  public String words() {
    return words;
  }
}
