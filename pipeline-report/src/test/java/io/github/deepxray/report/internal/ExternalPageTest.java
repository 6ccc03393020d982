package io.github.deepxray.report.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.Drift;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.metrics.UnpairedDifference;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.ExternalValidation;
import io.github.deepxray.report.ExternalValidation.NamedDrift;
import io.github.deepxray.report.ExternalValidation.SliceMetrics;
import io.github.deepxray.train.Predictions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExternalPageTest {
  private static final DatasetProfile PROFILE = DatasetProfile.of(ReportContents.NAMES);
  private static final Map<String, Decision> DECISIONS =
      Map.of(ExternalValidation.DECISION, new Decision.Threshold(0.375));

  @TempDir private Path folder;

  /** The external images have lower probabilities than those of the bundle's own test split. */
  private static Predictions external() {
    List<Predictions.Row> rows = new ArrayList<>();
    for (Predictions.Row row : ReportContents.predictions("external", 240, 5, PROFILE).rows()) {
      ScoredExample e = row.example();
      rows.add(
          new Predictions.Row(
              new ScoredExample(e.id(), e.patient(), e.label(), e.score(1) / 2), row.slice()));
    }
    return new Predictions(rows);
  }

  private static Predictions own() {
    return ReportContents.predictions("test", 300, 6, PROFILE);
  }

  private static SplitScores half(int remainder) {
    List<ScoredExample> all = external().scores().examples();
    List<ScoredExample> some = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      if (i / 2 % 2 == remainder) {
        some.add(all.get(i));
      }
    }
    return new SplitScores(some);
  }

  private static SliceMetrics slice(String value, SplitScores scores) {
    return new SliceMetrics("sex", value, List.of(40L, 80L), Evaluation.of(scores, DECISIONS, 0));
  }

  private static NamedDrift drift(String name, double factor) {
    List<Double> before = new ArrayList<>();
    List<Double> after = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      before.add((double) i);
      after.add(i * factor);
    }
    return new NamedDrift(name, Drift.of(sample(before), sample(after)));
  }

  private static Drift.Sample sample(List<Double> values) {
    return new Drift.Sample(values, values.size());
  }

  private static ExternalValidation result(Optional<Integer> seen) {
    SplitScores scores = external().scores();
    SplitScores before = own().scores();
    Evaluation measured = Evaluation.of(before, DECISIONS, 0);
    Decision decision = DECISIONS.get(ExternalValidation.DECISION);
    return new ExternalValidation(
        ExternalValidation.FORMAT,
        new ExternalValidation.Model("<model>", "ab12", "int8", PROFILE),
        new ExternalValidation.Data(
            "hospital & sons.csv",
            new DatasetManifest.Source("table", "cd34"),
            Optional.of(Split.TEST),
            List.of(40L, 80L),
            seen,
            3,
            List.of(new Quarantined("<bad>.png", Reason.UNREADABLE, "it ends too early."))),
        Evaluation.of(scores, DECISIONS, 0),
        new ExternalValidation.Reference(
            List.of(150L, 150L),
            List.of(150L, 150L),
            measured.overall(ExternalValidation.DECISION),
            UnpairedDifference.of(
                    new UnpairedDifference.Decided(before, decision),
                    new UnpairedDifference.Decided(scores, decision),
                    0)
                .differences()),
        Map.of(PROFILE.classes().list().get(1), CalibrationBin.of(scores, 1)),
        List.of(slice("F", half(0)), slice("", half(1))),
        List.of(drift("brightness", 2), drift("contrast", 1), drift("width", 0.9)),
        Optional.empty());
  }

  @Test
  void standsAloneAndEscapes() {
    String html = ExternalPage.html(result(Optional.of(0)), external(), own(), 0);
    assertThat(html)
        .startsWith("<!DOCTYPE html>")
        .contains("&lt;model&gt;", "hospital &amp; sons.csv", "&lt;bad&gt;.png", "<svg")
        .contains("prefers-color-scheme: dark")
        .doesNotContain("<img src", "<script", "NaN", "Infinity");
    assertThat(ExternalPage.html(result(Optional.of(0)), external(), own(), 0)).isEqualTo(html);
    Page page = Page.parse(html);
    assertThat(page.text())
        .contains("sex = F", "sex = (empty)", "brightness", "none, by the hashes of the pixels");
  }

  @Test
  void remarksNameWhatSpeaksAgainstTheNumbers() {
    assertThat(result(Optional.of(7)).remarks())
        .anySatisfy(
            remark ->
                assertThat(remark)
                    .isEqualTo(
                        "7 of 240 images are training or validation images of the bundle: the"
                            + " metrics are too good and no external validation."))
        .anySatisfy(remark -> assertThat(remark).contains("1 of 241 files", "<bad>.png"))
        .anySatisfy(remark -> assertThat(remark).startsWith("Few patients"))
        .anySatisfy(remark -> assertThat(remark).contains("66.7 %", "50.0 %"))
        .anySatisfy(remark -> assertThat(remark).contains("beyond chance", "sensitivity by -0."))
        .anySatisfy(remark -> assertThat(remark).startsWith("Worst of 2 slices"))
        .anySatisfy(remark -> assertThat(remark).contains("large: brightness"))
        .anySatisfy(remark -> assertThat(remark).startsWith("3 images repeat another"));
    assertThat(result(Optional.empty()).remarks().get(0)).contains("it cannot be checked");
  }

  @Test
  void theTableHasTheNumbersOfTheEvaluation() {
    ExternalValidation result = result(Optional.of(0));
    assertThat(result.table())
        .startsWith("<model> (int8) on hospital & sons.csv, split test: 240 images")
        .contains("the bundle's threshold 0.3750")
        .contains(result.of(Metric.AUC).toString())
        .contains(result.reference().of(Metric.SENSITIVITY).toString())
        .containsPattern("(?m)^ +contrast .* no more than by chance$")
        .containsPattern("(?m)^ +brightness .* large$");
    // Half the probabilities keep the order within the set and lose positives at the threshold.
    assertThat(result.of(Metric.SENSITIVITY).value())
        .isLessThan(result.reference().of(Metric.SENSITIVITY).value());
  }

  /** The result, a tenth of whose images are unlike the training images. */
  private static ExternalValidation guarded(OptionalDouble own) {
    ExternalValidation plain = result(Optional.of(0));
    return new ExternalValidation(
        plain.format(),
        plain.model(),
        plain.data(),
        plain.evaluation(),
        plain.reference(),
        plain.reliability(),
        plain.slices(),
        plain.drift(),
        Optional.of(
            new ExternalValidation.Guard(
                0.5,
                24,
                new Interval(0.1, 0.0625, 0.1375),
                own,
                Optional.of(
                    new ExternalValidation.Familiar(
                        List.of(40L, 80L), Evaluation.of(half(0), DECISIONS, 0))))));
  }

  @Test
  void saysHowManyImagesAreUnlikeTheTrainingImages() throws IOException {
    ExternalValidation result = guarded(OptionalDouble.of(0.0125));
    ExternalValidation.Familiar familiar =
        result.guard().flatMap(ExternalValidation.Guard::familiar).orElseThrow();
    assertThat(result.table())
        .containsPattern("(?m)^  unlike the training images: 24, 0\\.100 .*; of the own validation")
        .contains("  without them: AUC " + familiar.of(Metric.AUC));
    assertThat(result.remarks())
        .anySatisfy(
            remark ->
                assertThat(remark)
                    .startsWith(
                        "24 of 240 images (10.0 %) are unlike the training images, of the own"
                            + " validation images 1.3 %: "));
    assertThat(guarded(OptionalDouble.empty()).remarks())
        .anySatisfy(remark -> assertThat(remark).contains("unlike the training images: the class"));
    // As many as on the own images.
    assertThat(guarded(OptionalDouble.of(0.0625)).remarks())
        .noneSatisfy(remark -> assertThat(remark).contains("unlike"));
    String html = ExternalPage.html(result, external(), own(), 0);
    assertThat(Page.parse(html).text())
        .contains("24, 10.0 % (6.3 % to 13.8 %) of the images, 1.3 % of the own validation images")
        .contains("120 of 240 images are familiar", "without unfamiliar ones");
    assertThat(ExternalPage.html(result(Optional.of(0)), external(), own(), 0))
        .doesNotContain("nfamiliar");
    Path file = folder.resolve(ExternalValidation.FILE);
    Json.write(file, result);
    assertThat(ExternalValidation.read(file)).isEqualTo(result);
    Json.write(file, result(Optional.of(0)));
    assertThat(Files.readString(file)).doesNotContain("guard");
  }

  @Test
  void isReadAgain() throws IOException {
    ExternalValidation result = result(Optional.of(0));
    Path file = folder.resolve(ExternalValidation.FILE);
    Json.write(file, result);
    assertThat(ExternalValidation.read(file)).isEqualTo(result);
    Files.writeString(file, Files.readString(file).replace("deepxray-external/1", "other/1"));
    assertThatThrownBy(() -> ExternalValidation.read(file)).isInstanceOf(DeepXrayException.class);
  }
}
