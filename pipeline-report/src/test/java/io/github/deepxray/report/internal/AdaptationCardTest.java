package io.github.deepxray.report.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.classify.Adaptation;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Drift;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PrevalenceEstimate;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.report.ExternalValidation.NamedDrift;
import io.github.deepxray.report.SiteAdaptation;
import io.github.deepxray.report.SiteAdaptation.Estimate;
import io.github.deepxray.report.SiteAdaptation.HeldOut;
import io.github.deepxray.report.SiteAdaptation.OwnTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Model card, table and remarks of an adaptation. */
class AdaptationCardTest {
  private static final String CARD = "# name\n\n> warning\n\n## Intended use\n\nUse.\n\n## Files\n";
  private static final Drift NONE = new Drift(0.01, 0.1, 0.01, 0.1);
  private static final Drift LARGE = new Drift(0.5, 0.1, 0.9, 0.1);

  @TempDir private Path folder;

  private static SiteAdaptation result(
      Optional<HeldOut> held, Optional<Estimate> estimate, Drift drift) {
    return new SiteAdaptation(
        SiteAdaptation.FORMAT,
        new SiteAdaptation.Model("model", "ab12", "float32", new ClassNames("NORMAL", "PNEUMONIA")),
        new SiteAdaptation.Site(
            "site.csv",
            new DatasetManifest.Source("csv", "cd34"),
            1300,
            1200,
            held.isPresent() ? Optional.of(0) : Optional.empty(),
            3,
            OptionalDouble.of(0.0625)),
        new Adaptation(
            held.isPresent() ? Adaptation.Method.PLATT : Adaptation.Method.PREVALENCE,
            1.5,
            -0.25,
            600,
            500,
            "0".repeat(64),
            Map.of("float32", 0.4)),
        new SiteAdaptation.Prevalence(OptionalDouble.of(0.74), 0.123),
        List.of(new SiteAdaptation.Thresholds("float32", 0.4, 0.3, 0.35)),
        held,
        estimate,
        List.of(new NamedDrift("brightness", drift)));
  }

  private static HeldOut held(double loss, double specificity, double width) {
    Map<Metric, Interval> before =
        Map.of(
            Metric.LOG_LOSS, new Interval(0.4, 0.3, 0.5),
            Metric.SENSITIVITY, new Interval(0.9, 0.85, 0.94),
            Metric.SPECIFICITY, new Interval(0.7, 0.6, 0.8));
    Map<Metric, Interval> after =
        Map.of(
            Metric.LOG_LOSS, new Interval(0.4 + loss, 0.3, 0.5),
            Metric.SENSITIVITY, new Interval(0.93, 0.97 - width, 0.97),
            Metric.SPECIFICITY, new Interval(0.7 + specificity, 0.84 - width, 0.84));
    Map<Metric, Interval> differences =
        Map.of(
            Metric.LOG_LOSS, new Interval(loss, loss - 0.01, loss + 0.01),
            Metric.SENSITIVITY, new Interval(0.03, 0.01, 0.05),
            Metric.SPECIFICITY, new Interval(specificity, -0.02, 0.25));
    return new HeldOut(
        0.93, List.of(60L, 70L), List.of(61L, 72L), List.of(60L, 70L), before, after, differences);
  }

  private static SiteAdaptation labelled(HeldOut held) {
    return result(Optional.of(held), Optional.empty(), NONE);
  }

  private static SiteAdaptation unlabelled(double ratio, Drift drift) {
    return result(
        Optional.empty(),
        Optional.of(
            new Estimate(
                new PrevalenceEstimate(new Interval(0.123, 0.1, 0.15), ratio),
                Optional.of(new OwnTest(0.625, new Interval(0.6, ratio > 3 ? 0.55 : 0.63, 0.65))))),
        drift);
  }

  @Test
  void theSectionIsInTheCardOnce() {
    SiteAdaptation result = labelled(held(-0.1, 0.1, 0.09));
    String card = new AdaptationCard(result).in(CARD);
    assertThat(card)
        .startsWith("# name\n\n> warning\n\n## Adapted to a site\n\n")
        .endsWith("\n\n## Intended use\n\nUse.\n\n## Files\n")
        .contains("1,300 images of 1,200 patients", "chosen on 600 of them")
        .contains("`sigmoid(1.500000 * logit(p) -0.250000)`")
        .contains("| `float32` | 0.4000 | 0.3000 | 0.350000 |")
        .contains("| specificity | 0.700 (0.600-0.800) | 0.800 (0.750-0.840) |")
        .contains("12.3 %", "(before: 74.0 %)", "unadapted probability");
    // A second adaptation replaces the section.
    assertThat(new AdaptationCard(result).in(card)).isEqualTo(card);
    assertThat(new AdaptationCard(unlabelled(20, NONE)).in(card))
        .contains("without labels, for their prevalence")
        .doesNotContain("chosen on", "specificity");
    assertThat(new AdaptationCard(result).in("# other\n"))
        .startsWith("# other\n\n## Adapted to a site\n")
        .endsWith("was adapted.\n");
  }

  @Test
  void remarksTellWhetherTheImagesSuffice() {
    List<String> enough = labelled(held(-0.1, 0.1, 0.09)).remarks();
    assertThat(enough)
        .containsExactly(
            "The change of the specificity, +0.100 (-0.020 to +0.250), cannot be told from"
                + " chance.",
            "The site's images suffice: the intervals of sensitivity and specificity on held-out"
                + " patients are at most 0.1 wide.",
            "6.3 % of the images are unlike the training images: their results must not be used,"
                + " but the adaptation uses them. Look at them (predict --strict), and leave out"
                + " those that are no upright chest X-rays.",
            "Not used: 3 of 1,303 files.");
    // Wilson's interval is 0.1 wide with 107 patients at 0.93 and with 245 at 0.8.
    assertThat(labelled(held(-0.1, 0.1, 0.3)).remarks())
        .contains(
            "The site's images do not suffice: intervals of sensitivity and specificity of width"
                + " 0.1 need 107 held-out patients of PNEUMONIA and 245 of NORMAL; there"
                + " are 70 and 60.");
  }

  @Test
  void worseProbabilitiesAreTheFirstRemark() {
    SiteAdaptation worse = labelled(held(0.05, 0.1, 0.09));
    assertThat(worse.heldOut().orElseThrow().worse()).isTrue();
    assertThat(worse.remarks().get(0))
        .startsWith("The probabilities became WORSE on held-out patients: log loss 0.400 before");
    assertThat(labelled(held(0, 0, 0.09)).heldOut().orElseThrow().worse()).isFalse();
  }

  @Test
  void remarksNameTheAssumptionOfTheEstimate() {
    assertThat(unlabelled(20, NONE).remarks())
        .anySatisfy(remark -> assertThat(remark).contains("cannot be checked whether"))
        .anySatisfy(
            remark -> assertThat(remark).startsWith("The estimate assumes that only the share of"))
        .anySatisfy(
            remark ->
                assertThat(remark)
                    .isEqualTo(
                        "The likelihood ratio against an unchanged prevalence is 20.0; by chance it"
                            + " exceeds 3.84 in 5 % of cases."))
        .contains(
            "On the bundle's own test split the same estimate is 0.600 (0.550-0.650), where the"
                + " share is 0.625.")
        .noneMatch(remark -> remark.contains("Do not rely"));
    assertThat(unlabelled(1, LARGE).remarks())
        .anySatisfy(remark -> assertThat(remark).endsWith("cannot be told from chance."))
        .anySatisfy(remark -> assertThat(remark).contains("it is wrong there beyond chance"))
        .anySatisfy(
            remark ->
                assertThat(remark).contains("brightness (large). Do not rely on the estimate"));
  }

  @Test
  void theTableHasTheNumbers() {
    assertThat(labelled(held(-0.1, 0.1, 0.09)).table())
        .startsWith("model (float32) adapted to site.csv: 1,300 images of 1,200 patients\n")
        .contains("method platt, fitted on 600 images of 500 patients: logit * 1.5000 -0.2500")
        .contains("patients of the fit: NORMAL 60, PNEUMONIA 70; held out: NORMAL 60, PNEUMONIA 70")
        .containsPattern("sensitivity +0.900 \\(0.850-0.940\\) +0.930 .* \\+0.030")
        .containsPattern("float32 +0.4000 +0.3000 +0.3500\n")
        .containsPattern("brightness .* no more than by chance");
    assertThat(unlabelled(20, NONE).table())
        .contains("prevalence of PNEUMONIA: 0.123 (0.100-0.150), before 0.740");
  }

  @Test
  void isReadAgainAndChecked() throws IOException {
    Path file = folder.resolve(SiteAdaptation.FILE);
    for (SiteAdaptation result : List.of(labelled(held(-0.1, 0, 0.1)), unlabelled(2, LARGE))) {
      Json.write(file, result);
      assertThat(SiteAdaptation.read(file)).isEqualTo(result);
    }
    Json.write(file, Map.of("format", "other"));
    assertThatThrownBy(() -> SiteAdaptation.read(file)).isInstanceOf(DeepXrayException.class);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> result(Optional.empty(), Optional.empty(), NONE));
  }

  /** A bootstrap has no width where every image is right. */
  @Test
  void aSensitivityOf1HasWilsonsInterval() {
    Interval one = new Interval(1, 1, 1);
    Map<Metric, Interval> all = Map.of(Metric.SENSITIVITY, one, Metric.LOG_LOSS, one);
    HeldOut held =
        new HeldOut(0.9, List.of(20L, 20L), List.of(20L, 20L), List.of(20L, 20L), all, all, all);
    assertThat(held.after(Metric.SENSITIVITY).toString()).isEqualTo("1.000 (0.839-1.000)");
    assertThat(held.after(Metric.LOG_LOSS)).isEqualTo(one);
  }
}
