package io.github.deepxray.report.internal;

import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.InputGuard;
import java.util.List;

/**
 * Section about the input guard.
 *
 * @param statement what the guard does and how often it flags unchanged images
 * @param caveat what the guard does not tell
 * @param detections detection of distorted validation images; empty without a guard
 */
record GuardSection(String statement, String caveat, List<Table> detections) {
  static GuardSection of(InputGuard.Description guard) {
    return new GuardSection(
        statement(guard), caveat(guard), guard.present() ? List.of(table(guard)) : List.of());
  }

  private static String statement(InputGuard.Description guard) {
    if (!guard.present()) {
      return "The models have no input guard: they classify any picture, also one that is no chest"
          + " X-ray.";
    }
    return ("Each classifying model has a second output, the unfamiliarity: how unlike the training"
            + " images the input is, from 0 to 1. Beyond the limit, do not use the result. The"
            + " limit was chosen so that %s of the validation images lie beyond it. It flags %s"
            + " of the test images and %s of randomly framed validation images.")
        .formatted(
            share(guard, Split.VALIDATION.key()),
            share(guard, Split.TEST.key()),
            share(guard, InputGuard.FRAMED));
  }

  private static String share(InputGuard.Description guard, String images) {
    return Numbers.percent(guard.flagged().get(images));
  }

  private static String caveat(InputGuard.Description guard) {
    return guard.present()
        ? "It compares an input with the training images as a whole. It does not tell whether the"
            + " decision for a familiar image is right, and it need not notice a disease, a"
            + " device or a kind of patient that the training lacks. Mirrored images are familiar"
            + " to it."
        : "";
  }

  private static Table table(InputGuard.Description guard) {
    Table table =
        Table.of(
            "Distorted validation images against the unchanged ones. The kinds in the second column"
                + " were examples for the guard, as distorted training images.",
            "kind",
            "example",
            "images",
            "AUC",
            "flagged");
    rows(guard).forEach(row -> table.row(row.toArray(String[]::new)));
    return table;
  }

  /** Returns the same table for a model card; empty without a guard. */
  static List<CardTable> card(InputGuard.Description guard) {
    return guard.present()
        ? List.of(
            CardTable.ofNumbers(
                2,
                List.of("distorted validation images", "example", "images", "AUC", "flagged"),
                rows(guard)))
        : List.of();
  }

  /** Returns the cells of each kind of distortion. */
  private static List<List<String>> rows(InputGuard.Description guard) {
    return guard.distortions().entrySet().stream()
        .map(
            kind ->
                List.of(
                    kind.getKey(),
                    kind.getValue().fitted() ? "yes" : "no",
                    Numbers.count(kind.getValue().images()),
                    Numbers.decimals(kind.getValue().auc(), 3),
                    Numbers.percent(kind.getValue().flagged())))
        .toList();
  }
}
