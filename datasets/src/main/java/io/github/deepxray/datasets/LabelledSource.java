package io.github.deepxray.datasets;

import io.github.deepxray.datasets.internal.source.FileSource;
import io.github.deepxray.datasets.internal.source.SourceFile;
import java.util.List;
import java.util.Optional;

/** Source that stores the class of each image, instead of using folders. */
interface LabelledSource extends FileSource {
  /**
   * Labelled image.
   *
   * @param label the name of the class
   * @param patient the patient, if known
   * @param split the split, if known: for all images or for none
   */
  record Entry(SourceFile file, String label, Optional<String> patient, Optional<Split> split) {}

  /** Entries sorted by path; paths are unique. */
  List<Entry> entries();

  /**
   * Determines the class names.
   *
   * @param wanted the names from the user, label 0 first
   */
  default ClassNames classes(Optional<ClassNames> wanted) {
    return ClassNames.found(entries().stream().map(Entry::label).toList(), wanted, name());
  }

  /** Source of the splits, for messages. */
  String splitOrigin();

  /** Source of the patients, for messages. */
  String patientOrigin();

  /** Label of an image. */
  default Label label(Entry entry, ClassNames classes) {
    return classes.label(entry.label()).orElseThrow();
  }

  @Override
  default List<SourceFile> files() {
    return entries().stream().map(Entry::file).toList();
  }
}
