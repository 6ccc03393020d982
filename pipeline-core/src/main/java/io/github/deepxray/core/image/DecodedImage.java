package io.github.deepxray.core.image;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Decoded image with notes about the decoding.
 *
 * @param image the image, upright
 * @param notes the notes, in the order of the enum
 */
public record DecodedImage(RgbImage image, Set<ImageNote> notes) {
  /** Copies the set. */
  public DecodedImage {
    EnumSet<ImageNote> copy = EnumSet.noneOf(ImageNote.class);
    copy.addAll(notes);
    notes = Collections.unmodifiableSet(copy);
  }

  /**
   * Returns a line of text for each note.
   *
   * @param source the name of the image in the line
   */
  public List<String> remarks(String source) {
    return notes.stream().map(note -> source + " " + note.words() + ".").toList();
  }
}
