package io.github.deepxray.report.internal;

import io.github.deepxray.datasets.DatasetAudit;
import java.util.Optional;

/** What reports and model cards say of the split by patient. */
public final class PatientSplitNote {
  private PatientSplitNote() {}

  /** What is on one side of a split only; a sentence. */
  public static String statement(DatasetAudit audit) {
    return (audit.unknownPatients() > 0 ? "No known patient" : "No patient")
        + " and no identical image is on both sides of a split.";
  }

  /** What that means for images that nothing says the patient of, if there are any; sentences. */
  public static Optional<String> doubt(DatasetAudit audit) {
    if (audit.unknownPatients() == 0) {
      return Optional.empty();
    }
    return Optional.of(
        "Images whose patient is unknown: "
            + Numbers.count(audit.unknownPatients())
            + ". Each counts as a patient of its own, so two of one patient may be on both sides of"
            + " a split, and intervals may be too narrow.");
  }
}
