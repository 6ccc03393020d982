package io.github.deepxray.report.internal;

import io.github.deepxray.datasets.DatasetAudit;
import java.util.Optional;

/** Text of reports and model cards about the split by patient. */
public final class PatientSplitNote {
  private PatientSplitNote() {}

  /** Returns a sentence about the separation of patients between splits. */
  public static String statement(DatasetAudit audit) {
    return (audit.unknownPatients() > 0 ? "No known patient" : "No patient")
        + " and no identical image is in more than one split.";
  }

  /** Returns sentences about images with unknown patients, if there are any. */
  public static Optional<String> doubt(DatasetAudit audit) {
    if (audit.unknownPatients() == 0) {
      return Optional.empty();
    }
    return Optional.of(
        "Images whose patient is unknown: "
            + Numbers.count(audit.unknownPatients())
            + ". Each counts as a separate patient, so images of one patient may be in "
            + "several splits, and intervals may be too narrow.");
  }
}
