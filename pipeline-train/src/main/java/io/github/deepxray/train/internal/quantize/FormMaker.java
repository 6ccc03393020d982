package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.optimize.internal.quantize.Calibration;
import io.github.deepxray.optimize.internal.quantize.IntegerQuantization;
import io.github.deepxray.optimize.internal.quantize.LayerAnalysis;
import io.github.deepxray.optimize.internal.quantize.LayerReport;
import io.github.deepxray.optimize.internal.quantize.ModelQuantization;
import io.github.deepxray.optimize.internal.quantize.SensitivitySearch;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.QuantizationResult;
import io.github.deepxray.train.QuantizedForms;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Creation of one quantized form of a classifier. */
final class FormMaker {
  private final QuantizerRun run;
  private final FormsSpec options;
  private final QuantizationSpec spec;
  private final Artifact artifact;
  private Set<String> kept = Set.of();
  private boolean searchFailed;

  FormMaker(QuantizerRun run, QuantizationSpec spec) {
    this.run = run;
    this.options = run.options();
    this.spec = spec;
    artifact = Artifact.of(spec.mode().id());
  }

  /** Creates a form with float activations. */
  QuantizationResult plain(Path folder) throws IOException {
    Model quantized =
        new ModelQuantization(spec)
            .quantize(new ModelQuantization(spec).prepare(run.guarded(run.trained().model())));
    byte[] file = run.bytes(spec, quantized);
    Candidate only = new Candidate(quantized, file, run.validate(artifact.key(), file));
    return write(only, run.decision(), new Written(folder, false, List.of()));
  }

  /** Creates an integer form with calibrated ranges. */
  QuantizationResult calibrated(Path folder) throws IOException {
    Model exact = new ModelQuantization(spec).prepare(run.guarded(run.trained().model()));
    Calibration calibration = run.calibrate(exact);
    IntegerQuantization pass = new ModelQuantization(spec).integerQuantization(exact, calibration);
    Candidates candidates = new Candidates(run, spec, exact);
    Candidate candidate;
    if (options.search().isPresent()) {
      SensitivitySearch.Result found = candidates.search(pass, options.search().get());
      kept = new TreeSet<>(found.floatLayers());
      kept.removeAll(pass.floatLayers());
      searchFailed = !found.accepted();
      pass = pass.withFloatLayers(found.floatLayers());
      candidate = candidates.of(found.model());
    } else {
      candidate = candidates.of(pass.apply(exact));
    }
    Candidate chosen = refitted(pass, candidate);
    List<String> reports =
        options.reports() ? report(exact, candidate, calibration, folder) : List.of();
    return write(
        chosen,
        run.decisionFor(chosen.scores()),
        new Written(folder, chosen != candidate, reports));
  }

  /**
   * Returns the candidate with a refitted head if requested and better, else the candidate itself.
   */
  private Candidate refitted(IntegerQuantization pass, Candidate candidate) throws IOException {
    boolean always = options.refit() == FormsSpec.Refit.ALWAYS;
    boolean tried = options.refit() == FormsSpec.Refit.AUTO && spec.mode() == QuantizationMode.INT8;
    if (!always && !tried) {
      return candidate;
    }
    Model other = new HeadRefit(run, spec).refit(pass, candidate.model());
    byte[] file = run.bytes(spec, other);
    SplitScores scores = run.validate(artifact.key() + " with new head", file);
    return always || run.closer(scores, candidate.scores())
        ? new Candidate(other, file, scores)
        : candidate;
  }

  /** Writes the layer report and returns its file name. */
  private List<String> report(
      Model exact, Candidate candidate, Calibration calibration, Path folder) throws IOException {
    LayerReport report =
        new LayerAnalysis(run.integers().engines(), run.context().cores(), run.context().progress())
            .analyze(
                exact, candidate.model(), calibration, run.analyzed(), run.trained().features());
    String name = "layers-" + artifact.key() + ".json";
    report.writeJson(folder.resolve(name));
    return List.of(name);
  }

  /** Written files of a form. */
  private record Written(Path folder, boolean refitted, List<String> reports) {}

  private QuantizationResult write(Candidate candidate, Decision own, Written written)
      throws IOException {
    AtomicFiles.write(written.folder().resolve(artifact.path()), candidate.file());
    QuantizedForms.Form form =
        new QuantizedForms.Form(
            artifact.key(),
            artifact.path(),
            FormDescription.of(options, spec, kept, written.refitted()),
            Optional.of(Sparsity.of(candidate.model()).total()),
            own.threshold(),
            written.reports());
    return new QuantizationResult(
        form, kept, searchFailed, written.refitted(), run.compare(candidate.scores(), own));
  }
}
