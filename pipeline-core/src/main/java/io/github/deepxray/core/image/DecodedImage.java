package io.github.deepxray.core.image;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * An image and what users should know about how it was read.
 *
 * @param image upright
 * @param notes in their order
 */
public record DecodedImage(RgbImage image, Set<ImageNote> notes) {
  /** Copies the set. */
  public DecodedImage {
    EnumSet<ImageNote> copy = EnumSet.noneOf(ImageNote.class);
    copy.addAll(notes);
    notes = Collections.unmodifiableSet(copy);
  }

  /**
   * A line for each note.
   *
   * @param source how the line names the image
   */
  public List<String> remarks(String source) {
    return notes.stream().map(note -> source + " " + note.words() + ".").toList();
  }
}
