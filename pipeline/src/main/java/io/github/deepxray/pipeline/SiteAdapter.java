package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Adaptation;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.LogitMap;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PrevalenceEstimate;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.LabelledImages;
import io.github.deepxray.datasets.SeenImages;
import io.github.deepxray.export.internal.AdaptedBundle;
import io.github.deepxray.report.ExternalValidation.NamedDrift;
import io.github.deepxray.report.SiteAdaptation;
import io.github.deepxray.report.SiteAdaptation.Estimate;
import io.github.deepxray.report.SiteAdaptation.HeldOut;
import io.github.deepxray.report.SiteAdaptation.OwnTest;
import io.github.deepxray.report.SiteAdaptation.Thresholds;
import io.github.deepxray.train.DecisionRule;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.internal.CalibrationFitter;
import io.github.deepxray.train.internal.DecisionRules;
import io.github.deepxray.train.recipe.ValidationViews;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Adaptation of a bundle to a site: of labelled images a calibration and thresholds, of unlabelled
 * ones the prevalence.
 *
 * @param request the request
 * @param target the folder of the new bundle
 */
record SiteAdapter(SiteRequest request, Path target) {
  private static final String DECISION = "bundle";

  /**
   * What was found on the images.
   *
   * @param method the method
   * @param step the map from the bundle's probabilities before to those after
   * @param prevalence the share of the second class at the site
   * @param thresholds the new thresholds by form
   * @param fitted the places of the images that were used
   */
  private record Found(
      Adaptation.Method method,
      LogitMap step,
      double prevalence,
      Map<String, Double> thresholds,
      List<Integer> fitted) {}

  /** Adapts to labelled images and writes the new bundle. */
  SiteAdaptation labelled() throws IOException {
    DatasetOptions options = DatasetOptions.DEFAULT.withLayout(spec().layout());
    try (LabelledImages images = LabelledImages.open(source(), own().classes(), options)) {
      images.table().forEach(request.progress()::note);
      SiteScores scores =
          SiteScores.read(
              request, images, ExternalImages.chosen(source(), images.images(), spec().split()));
      double target = spec().targetSensitivity().orElseGet(this::ownTarget);
      SplitScores main = scores.of(main());
      SiteParts parts = SiteParts.of(main, spec().fitShare(), spec().seed());
      parts.requireEnough(source(), main, own().classes(), spec().fitShare(), target);
      Found found = fit(scores, parts.fitted(), target);
      HeldOut held = heldOut(main, parts, found, target);
      SiteAdaptation result =
          result(scores, found, Optional.of(held), Optional.empty(), drift(scores));
      refuseWorse(result, held);
      write(scores, result, found, Map.of("target-sensitivity", String.valueOf(target)));
      return result;
    }
  }

  /** Adapts to the prevalence of unlabelled images and writes the new bundle. */
  SiteAdaptation unlabelled() throws IOException {
    OptionalDouble calibrated = request.bundle().reports().prevalence();
    if (calibrated.isEmpty()) {
      throw new DeepXrayException(
          request.bundle().folder()
              + " has no calibrated probabilities, from which a prevalence is estimated; train with"
              + " calibration, or adapt with labelled images.");
    }
    try (LabelledImages images =
        LabelledImages.openUnlabelled(source(), own().classes(), DatasetOptions.DEFAULT)) {
      if (images.images().isEmpty()) {
        throw new DeepXrayException(
            source()
                + " has no image files; give an archive or a folder of images, or a table of their"
                + " paths.");
      }
      SiteScores scores = SiteScores.read(request, images, images.images());
      PrevalenceEstimate estimate =
          PrevalenceEstimate.of(scores.of(main()), calibrated.getAsDouble(), spec().seed());
      Found found = shift(scores, calibrated.getAsDouble(), estimate.prevalence().value());
      SiteAdaptation result =
          result(
              scores,
              found,
              Optional.empty(),
              Optional.of(new Estimate(estimate, ownTest(calibrated.getAsDouble()))),
              drift(scores, found.prevalence));
      write(scores, result, found, Map.of());
      return result;
    }
  }

  /** Estimates the known prevalence of the own test split. */
  private Optional<OwnTest> ownTest(double calibrated) throws IOException {
    if (request.bundle().reports().adaptation().isPresent()) {
      return Optional.empty();
    }
    SplitScores scores = own().predictions().scores();
    return Optional.of(
        new OwnTest(
            (double) scores.counts().get(1) / scores.examples().size(),
            PrevalenceEstimate.of(scores, calibrated, spec().seed()).prevalence()));
  }

  private AdaptationSpec spec() {
    return request.spec();
  }

  private BundleContent own() {
    return request.own();
  }

  private Path source() {
    return request.source();
  }

  /** Name of the form that the map is fitted with. */
  private String main() {
    return spec().artifact().key();
  }

  private double ownTarget() {
    // Two classes have thresholds.
    return ((DecisionRule.Thresholds) own().metrics().decision()).targetSensitivity();
  }

  private Found fit(SiteScores scores, List<Integer> fitted, double target) throws IOException {
    ProbabilityCalibration calibration =
        new CalibrationFitter(scores.of(main()).of(fitted), ValidationViews.PLAIN).fit();
    LogitMap step = new LogitMap(calibration.slope(), calibration.offset());
    Map<String, Double> thresholds = new TreeMap<>();
    for (String form : scores.forms()) {
      SplitScores mapped = step.apply(scores.of(form).of(fitted));
      thresholds.put(form, DecisionRules.atSensitivity(mapped, target));
    }
    for (ArtifactReport report : request.bundle().artifacts()) {
      // Forms that cannot be run here.
      thresholds.putIfAbsent(report.artifact(), thresholds.get(main()));
    }
    Adaptation.Method method =
        switch (calibration.method()) {
          case NONE -> Adaptation.Method.NONE;
          case TEMPERATURE -> Adaptation.Method.TEMPERATURE;
          case PLATT -> Adaptation.Method.PLATT;
        };
    List<Long> counts = scores.of(main()).of(fitted).counts();
    double share = (double) counts.get(1) / (counts.get(0) + counts.get(1));
    return new Found(method, step, share, thresholds, fitted);
  }

  /** Maps the thresholds with the probabilities, so that all decisions stay. */
  private Found shift(SiteScores scores, double before, double after) throws IOException {
    if (!(after > 0 && after < 1)) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "%s: the estimated prevalence is %.0f, so the images are of one class or differ from"
                  + " the bundle's validation images in more than the prevalence; label some of"
                  + " them and use --data.",
              source(),
              after));
    }
    LogitMap step = LogitMap.ofPrevalence(before, after);
    Map<String, Double> thresholds = new TreeMap<>();
    for (ArtifactReport report : request.bundle().artifacts()) {
      thresholds.put(report.artifact(), step.apply(report.threshold().orElseThrow()));
    }
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < scores.patients().size(); i++) {
      all.add(i);
    }
    return new Found(Adaptation.Method.PREVALENCE, step, after, thresholds, all);
  }

  private HeldOut heldOut(SplitScores all, SiteParts parts, Found found, double target)
      throws IOException {
    SplitScores before = all.of(parts.held());
    SplitScores after = found.step.apply(before);
    Decision decisionBefore = request.bundle().decision(spec().artifact());
    Decision decisionAfter = new Decision.Threshold(found.thresholds.get(main()));
    Comparison comparison =
        Comparison.of(before, decisionBefore, after, decisionAfter, spec().seed());
    return new HeldOut(
        target,
        ExternalImages.patients(all.of(parts.fitted())),
        before.counts(),
        ExternalImages.patients(before),
        Evaluation.of(before, Map.of(DECISION, decisionBefore), spec().seed()).overall(DECISION),
        comparison.metrics(),
        comparison.differences());
  }

  private SiteAdaptation result(
      SiteScores scores,
      Found found,
      Optional<HeldOut> held,
      Optional<Estimate> estimate,
      List<NamedDrift> drift)
      throws IOException {
    ArtifactReport.All before = request.bundle().reports();
    LogitMap map = request.bundle().adaptation().then(found.step);
    Map<String, Double> exported = new HashMap<>();
    for (ArtifactReport report : request.bundle().exportedArtifacts()) {
      exported.put(report.artifact(), report.threshold().orElseThrow());
    }
    TreeSet<String> patients = new TreeSet<>();
    found.fitted.forEach(place -> patients.add(scores.patients().get(place)));
    return new SiteAdaptation(
        SiteAdaptation.FORMAT,
        new SiteAdaptation.Model(
            own().records().name(), own().metrics().model(), main(), own().classes()),
        scores.site(main()),
        new Adaptation(
            found.method,
            map.slope(),
            map.offset(),
            found.fitted.size(),
            patients.size(),
            Hashes.sha256(new SeenImages(hashes(scores, found)).text()),
            exported),
        new SiteAdaptation.Prevalence(before.prevalence(), found.prevalence),
        before.artifacts().stream().map(report -> thresholds(report, found, map)).toList(),
        held,
        estimate,
        drift);
  }

  private static TreeSet<String> hashes(SiteScores scores, Found found) {
    return found.fitted.stream()
        .map(place -> scores.reading().images().get(place).sha256())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Thresholds thresholds(ArtifactReport report, Found found, LogitMap map) {
    double after = found.thresholds.get(report.artifact());
    return new Thresholds(
        report.artifact(), report.threshold().orElseThrow(), after, map.inverse().apply(after));
  }

  /** Scores of the own test split, as the bundle gives them before. */
  private SplitScores ownScores() throws IOException {
    return request.bundle().adaptation().apply(own().predictions().scores());
  }

  private List<NamedDrift> drift(SiteScores scores) throws IOException {
    return new ExternalDrift(own().classes(), scores.of(main()), ownScores())
        .of(scores.inputs(), own().inputs());
  }

  private List<NamedDrift> drift(SiteScores scores, double prevalence) throws IOException {
    ExternalDrift drift = new ExternalDrift(own().classes(), scores.of(main()), ownScores());
    List<NamedDrift> named = new ArrayList<>();
    if (ownScores().fewest() > 0) {
      named.add(drift.atPrevalence(prevalence));
    }
    named.addAll(drift.ofInputs(scores.inputs(), own().inputs()));
    return named;
  }

  private void refuseWorse(SiteAdaptation result, HeldOut held) {
    if (held.worse() && !spec().worseAllowed()) {
      // The numbers explain the refusal.
      result.table().lines().forEach(request.progress()::note);
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "%s: on held-out patients the log loss rose from %.4f to %.4f, so %s was not written;"
                  + " label more patients, or write it anyway with --allow-worse.",
              source(),
              held.before(Metric.LOG_LOSS).value(),
              held.after(Metric.LOG_LOSS).value(),
              target));
    }
  }

  private void write(
      SiteScores scores, SiteAdaptation result, Found found, Map<String, String> more)
      throws IOException {
    Map<String, String> config = new HashMap<>(more);
    config.put("artifact", main());
    config.put("seed", String.valueOf(spec().seed()));
    config.put("labels", String.valueOf(result.heldOut().isPresent()));
    if (result.heldOut().isPresent()) {
      config.put("fit-share", String.valueOf(spec().fitShare()));
      config.put("split", spec().split().map(split -> split.key()).orElse("all"));
    }
    Map<String, AdaptedBundle.Scores> adapted = new HashMap<>();
    scores
        .forms()
        .forEach(
            form ->
                adapted.put(
                    form,
                    new AdaptedBundle.Scores(
                        found.step.apply(scores.of(form)), scores.unfamiliar(form))));
    new AdaptedBundle(
            result,
            config,
            adapted,
            scores.inputs(),
            result.heldOut().isPresent() ? hashes(scores, found) : List.of())
        .write(request.bundle(), target);
  }
}
