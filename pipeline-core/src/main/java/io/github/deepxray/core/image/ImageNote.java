package io.github.deepxray.core.image;

import io.github.deepxray.core.internal.Keyed;

/** Note about the decoding of an image that users should see. */
public enum ImageNote implements Keyed {
  /** The image was rotated or mirrored as its orientation tag requires. */
  TURNED("was turned upright as its orientation tag says"),
  /** The 16-bit samples leave the highest bits unused, so that the image is dark. */
  PART_OF_RANGE("uses only a part of the range of its 16 bits, which makes it dark"),
  /** The file has several pages; the largest was decoded, the first of equal ones. */
  PAGES("has several pages, of which the largest was read");

  private final String words;

  ImageNote(String words) {
    this.words = words;
  }

  /** Text of the note, to follow the name of the image in a sentence. */
  public String words() {
    return words;
  }
}
