package io.github.deepxray.report.internal;

import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.DatasetManifest.Shortcut;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.train.ModelMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Table of properties that predict the class and should not.
 *
 * @param table a row for each property
 * @param warnings a sentence for each strong property
 * @param reliance how much the classifier's scores depend on each property
 * @param ends thumbnails at both ends of the strongest properties
 */
record ShortcutsTable(
    Table table, List<String> warnings, Table reliance, List<DataSection.Samples> ends) {
  /** Area under the ROC curve from which the report warns. */
  private static final double STRONG = 0.7;

  private static final int PICTURED = 3;
  private static final int WARNINGS = 5;

  static ShortcutsTable of(ReportContent content) {
    DatasetManifest dataset = content.dataset();
    Table table =
        Table.of(
            "Area under the ROC curve of a logistic regression on one property alone,"
                + " cross-validated by patient on the training images, with its 95 % interval; .5"
                + " is chance.",
            "property", "AUC", "visible to a network");
    for (Shortcut shortcut : dataset.shortcuts()) {
      table.row(
          shortcut.name(), Numbers.interval(shortcut.auc()), shortcut.inPicture() ? "yes" : "no");
    }
    return new ShortcutsTable(table, warnings(content), reliance(content), ends(content));
  }

  /** Returns the dependence of the scores on each property; without rows if none was measured. */
  private static Table reliance(ReportContent content) {
    Table table =
        Table.of(
            "Dependence of this classifier on each property, on the validation images: rank"
                + " correlation of its probability of an image's class with the property's, within"
                + " each class, and its accuracy on the quarter of images where the property"
                + " misleads most, and so on to where it helps most. Equal accuracies and a"
                + " correlation near 0 are best.",
            "property",
            "correlation",
            "misleads",
            "2nd quarter",
            "3rd quarter",
            "helps");
    for (ModelMetrics.Reliance reliance : content.metrics().shortcuts()) {
      List<String> cells = new ArrayList<>();
      cells.add(reliance.shortcut());
      cells.add(Numbers.signed(reliance.correlation(), 2));
      reliance.accuracy().forEach(share -> cells.add(Numbers.decimals(share, 3)));
      table.row(cells.toArray(String[]::new));
    }
    return table;
  }

  /** Returns the strongest visible shortcuts, whose images are shown. */
  static Stream<Shortcut> pictured(DatasetManifest dataset) {
    return dataset.shortcuts().stream().filter(Shortcut::inPicture).limit(PICTURED);
  }

  private static List<String> warnings(ReportContent content) {
    ClassVocabulary words = content.words();
    String instead = words.classes().size() == 2 ? words.name(Label.POSITIVE) : "the findings";
    return content.dataset().shortcuts().stream()
        .filter(shortcut -> shortcut.inPicture() && shortcut.auc().low() > STRONG)
        .limit(WARNINGS)
        .map(
            shortcut ->
                "%s alone: %s: a model can learn that instead of %s."
                    .formatted(shortcut.name(), Numbers.interval(shortcut.auc()), instead))
        .toList();
  }

  private static List<DataSection.Samples> ends(ReportContent content) {
    Map<String, Picture> pictures =
        content.shortcuts().stream()
            .collect(Collectors.toMap(Picture::file, Function.identity(), (a, b) -> a));
    List<DataSection.Samples> ends = new ArrayList<>();
    pictured(content.dataset())
        .forEach(
            shortcut -> {
              List<Picture> row =
                  Stream.of(shortcut.lowest(), shortcut.highest())
                      .flatMap(List::stream)
                      .filter(pictures::containsKey)
                      .map(pictures::get)
                      .toList();
              if (!row.isEmpty()) {
                ends.add(new DataSection.Samples(shortcut.name(), row));
              }
            });
    return ends;
  }
}
