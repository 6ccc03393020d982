package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.internal.quantize.BiasCorrection;
import io.github.deepxray.optimize.internal.quantize.IntegerQuantization;
import io.github.deepxray.optimize.internal.quantize.SensitivitySearch;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.SearchLimits;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Candidates of the search for float layers, each created once. */
final class Candidates {
  private final QuantizerRun run;
  private final QuantizationSpec spec;
  private final Model exact;
  private final Map<Set<String>, Candidate> made = new HashMap<>();

  /**
   * Creates an empty set of candidates.
   *
   * @param exact the float classifier, prepared for quantization
   */
  Candidates(QuantizerRun run, QuantizationSpec spec, Model exact) {
    this.run = run;
    this.spec = spec;
    this.exact = exact;
  }

  /** Returns the candidate of a quantized model. */
  Candidate of(Model quantized) throws IOException {
    Set<String> floats = quantized.quantization().floatLayers();
    Candidate known = made.get(floats);
    if (known == null) {
      known = make(quantized);
      made.put(floats, known);
    }
    return known;
  }

  private Candidate make(Model quantized) throws IOException {
    // Without XNNPACK, 16 bits would take hours; they are precise enough without.
    Model corrected =
        run.options().biasCorrection() && spec.mode() == QuantizationMode.INT8
            ? new BiasCorrection(
                    run.integers().engines(), run.context().cores(), run.context().progress())
                .correct(exact, quantized, run.examples())
            : quantized;
    byte[] file = run.bytes(spec, corrected);
    return new Candidate(corrected, file, run.validate(spec.mode().id(), file));
  }

  /** Whether the candidate passes the gate. */
  boolean accepted(Model quantized) throws IOException {
    return run.accepts(of(quantized).scores());
  }

  /** Searches for the layers to keep in floats. */
  SensitivitySearch.Result search(IntegerQuantization pass, SearchLimits limits)
      throws IOException {
    double none = EstimatedCost.of(pass.apply(exact));
    return new SensitivitySearch(
            run.integers().engines(), run.context().cores(), run.context().progress())
        .search(
            exact,
            pass,
            run.analyzed(),
            new SensitivitySearch.Goal(
                run.trained().features(),
                this::accepted,
                candidate -> EstimatedCost.of(candidate) / none,
                limits));
  }
}
