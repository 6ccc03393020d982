package io.github.deepxray.report.internal;

import java.util.List;

/**
 * A report as one HTML page that needs nothing beside it: no scripts, no fonts, no pictures but
 * inline ones, in the reader's light or dark colours. The same content gives the same bytes.
 *
 * @param name of the model
 * @param purpose what the model does; may be empty
 * @param limits what the model is not good for
 */
record ReportPage(
    String name,
    String purpose,
    SummarySection summary,
    DataSection data,
    CurvesSection curves,
    DecisionsSection decisions,
    CalibrationSection calibration,
    ScoresSection scores,
    TrainingSection training,
    MistakesSection mistakes,
    ArtifactsSection artifacts,
    List<String> limits,
    ProvenanceSection provenance) {

  /**
   * Draws a report.
   *
   * @throws io.github.deepxray.core.DeepXrayException if a picture of the content is damaged
   */
  static String html(ReportContent content) {
    ReportPage page =
        new ReportPage(
            content.name(),
            content.purpose(),
            SummarySection.of(content),
            DataSection.of(content),
            CurvesSection.of(content),
            DecisionsSection.of(content),
            CalibrationSection.of(content),
            ScoresSection.of(content),
            TrainingSection.of(content),
            MistakesSection.of(content),
            ArtifactsSection.of(content),
            content.limits(),
            ProvenanceSection.of(content));
    return Templates.html(out -> JtereportGenerated.render(out, null, page));
  }
}
