package io.github.deepxray.report.internal;

import java.util.List;

/**
 * Report as a self-contained HTML page: no scripts and fonts, only inline pictures, with light and
 * dark colours. The page is reproducible.
 *
 * @param name name of the model
 * @param purpose task of the model; may be empty
 * @param limits limits of the model
 */
record ReportPage(
    String name,
    String purpose,
    SummarySection summary,
    DataSection data,
    CurvesSection curves,
    DecisionsSection decisions,
    CalibrationSection calibration,
    GuardSection guard,
    ScoresSection scores,
    TrainingSection training,
    MistakesSection mistakes,
    ArtifactsSection artifacts,
    List<String> limits,
    ProvenanceSection provenance) {

  /**
   * Returns a report as HTML.
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
            GuardSection.of(content.guard()),
            ScoresSection.of(content),
            TrainingSection.of(content),
            MistakesSection.of(content),
            ArtifactsSection.of(content),
            content.limits(),
            ProvenanceSection.of(content));
    return Templates.html(out -> JtereportGenerated.render(out, null, page));
  }
}
