package io.github.deepxray.datasets;

import io.github.deepxray.datasets.internal.source.FileSource;
import io.github.deepxray.datasets.internal.source.SourceFile;
import java.util.List;
import java.util.Optional;

/** Images whose class is written down instead of being told by their folder. */
interface LabelledSource extends FileSource {
  /**
   * An image.
   *
   * @param label the name of its class
   * @param patient whose it is, if that is written down
   * @param split where it belongs, if that is written down: for all images or for none
   */
  record Entry(SourceFile file, String label, Optional<String> patient, Optional<Split> split) {}

  /** The images, sorted by path; no two have the same. */
  List<Entry> entries();

  /**
   * The classes.
   *
   * @param wanted what the user calls them, label 0 first
   */
  default ClassNames classes(Optional<ClassNames> wanted) {
    return ClassNames.found(entries().stream().map(Entry::label).toList(), wanted, name());
  }

  /** What names the split of an image, in words. */
  String splitsToldBy();

  /** What names the patient of an image, in words. */
  String patientsToldBy();

  /** The class of an image. */
  default Label label(Entry entry, ClassNames classes) {
    return classes.label(entry.label()).orElseThrow();
  }

  @Override
  default List<SourceFile> files() {
    return entries().stream().map(Entry::file).toList();
  }
}
