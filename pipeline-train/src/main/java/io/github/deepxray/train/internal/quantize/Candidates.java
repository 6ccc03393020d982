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

/** The candidates that a search for float layers looks at, each made once. */
final class Candidates {
  private final QuantizerRun run;
  private final QuantizationSpec spec;
  private final Model exact;
  private final Map<Set<String>, Candidate> made = new HashMap<>();

  /**
   * No candidates yet.
   *
   * @param exact the classifier in floats, prepared
   */
  Candidates(QuantizerRun run, QuantizationSpec spec, Model exact) {
    this.run = run;
    this.spec = spec;
    this.exact = exact;
  }

  /** The candidate that a quantized model becomes. */
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
    // Without XNNPACK, 16 bits would take hours; their steps are too fine to need it.
    Model corrected =
        run.options().biasCorrection() && spec.mode() == QuantizationMode.INT8
            ? new BiasCorrection(
                    run.integers().engines(), run.context().cores(), run.context().progress())
                .correct(exact, quantized, run.examples())
            : quantized;
    byte[] file = run.bytes(spec, corrected);
    return new Candidate(corrected, file, run.validate(spec.mode().id(), file));
  }

  /** Whether the candidate would pass the gate. */
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
