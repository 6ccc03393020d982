package io.github.deepxray.export;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Limits;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.MultiplyAdds;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.Passes;
import io.github.deepxray.optimize.quantize.BiasCorrection;
import io.github.deepxray.optimize.quantize.Calibration;
import io.github.deepxray.optimize.quantize.Calibrator;
import io.github.deepxray.optimize.quantize.IntegerQuantization;
import io.github.deepxray.optimize.quantize.LayerAnalysis;
import io.github.deepxray.optimize.quantize.LayerReport;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.SensitivitySearch;
import io.github.deepxray.tflite.TfLiteEngine;
import io.github.deepxray.tflite.TfLiteEngineFactory;
import io.github.deepxray.tflite.TfLiteWriter;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingImages;
import io.github.deepxray.train.embedding.EmbeddingExtractor;
import io.github.deepxray.train.embedding.Embeddings;
import io.github.deepxray.train.head.HeadPruning;
import io.github.deepxray.train.head.HeadSpec;
import io.github.deepxray.train.head.HeadTrainer;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.Stage;
import io.github.deepxray.train.stage.StageManifest;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes smaller and faster forms of a trained classifier and chooses, on the validation split
 * alone, what there is to choose: the layers that stay in floats, whether the head is trained anew
 * on the integer features, and the threshold.
 */
public final class Quantizer {
  /** How many images noise is measured on. */
  private static final int ANALYSIS_IMAGES = 16;

  /**
   * How much longer a float layer takes than an integer one: TFLite's XNNPACK on x86 with VNNI runs
   * the whole network 1.68 times as fast in 8 bits, see README.
   */
  private static final double FLOAT_COST = 0.68;

  private final Options options;
  private final Context context;

  /** What runs quantized models. */
  private final EngineFactory integers;

  /** Whether the head is trained anew on the features of the integer backbone. */
  public enum Refit {
    /**
     * If that brings the validation probabilities closer to the trained model's; never for {@link
     * QuantizationMode#INT16X8}, whose 16 bits lose next to nothing and run without XNNPACK, so
     * that its features of all training images would take hours.
     */
    AUTO,
    /** Always. */
    ALWAYS,
    /** Never. */
    NEVER
  }

  /**
   * How to quantize.
   *
   * @param forms the forms to make
   * @param calibrationImages how many training images the ranges are measured on
   * @param biasCorrection whether the biases of {@link QuantizationMode#INT8} give each channel the
   *     mean it has in floats, see {@link BiasCorrection}
   * @param refit whether the head is trained anew, for forms that are calibrated
   * @param search where the search for layers to keep in floats gives up; empty for no search. It
   *     judges forms as they are written, biases corrected, but for a head that is trained anew;
   *     each verdict takes as long as quantizing without a search
   * @param reports whether to write what each layer loses, for forms that are calibrated
   * @param input what the input of integer forms is made of
   * @param output what the output of integer forms is made of
   * @param sparse whether kernels that are mostly zeros are stored without them
   * @param limits what the search for layers tries to reach on the validation split
   * @param seed of the choice of training images
   */
  public record Options(
      List<QuantizationSpec> forms,
      int calibrationImages,
      boolean biasCorrection,
      Refit refit,
      Optional<SensitivitySearch.Limits> search,
      boolean reports,
      TfLiteWriter.DataType input,
      TfLiteWriter.DataType output,
      boolean sparse,
      Limits limits,
      long seed) {
    /** Checks the numbers. */
    public Options {
      forms = List.copyOf(forms);
      if (calibrationImages < 1) {
        throw new DeepXrayException(
            "At least 1 image is needed to calibrate, not " + calibrationImages + ".");
      }
      if (forms.stream().map(QuantizationSpec::mode).distinct().count() < forms.size()) {
        throw new DeepXrayException("Two of the quantizations are of the same kind; name one.");
      }
    }

    /** These forms, everything else by default. */
    public static Options of(List<QuantizationSpec> forms, long seed) {
      return new Options(
          forms,
          200,
          true,
          Refit.AUTO,
          Optional.empty(),
          true,
          TfLiteWriter.DataType.FLOAT32,
          TfLiteWriter.DataType.FLOAT32,
          false,
          Limits.QUANTIZATION,
          seed);
    }
  }

  /**
   * Prepares.
   *
   * @param options how to quantize
   * @param context the surroundings to quantize in; quantized models run in TFLite if the engine
   *     does not compute in integers
   */
  public Quantizer(Options options, Context context) {
    this.options = options;
    this.context = context;
    this.integers =
        context.engines().computesInIntegers() ? context.engines() : new TfLiteEngineFactory();
  }

  /**
   * What was made.
   *
   * @param form the file and its threshold
   * @param floatLayers the layers that the search keeps in floats besides those named
   * @param searchFailed whether there was a search and no set of layers within its limits brings
   *     the form through the gate; it is then the last one that was tried
   * @param refitted whether the head was trained anew
   * @param validation the form against the trained model on the validation split
   */
  public record Result(
      QuantizedForms.Form form,
      Set<String> floatLayers,
      boolean searchFailed,
      boolean refitted,
      Comparison validation) {
    /** Copies the set. */
    public Result {
      floatLayers = Collections.unmodifiableSet(new TreeSet<>(floatLayers));
    }

    /** A line for people. */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s: validation AUC %.4f (%+.4f), accuracy %+.4f, correlation %.4f%s%s%s%s",
          form.artifact(),
          validation.of(Metric.AUC).value(),
          validation.difference(Metric.AUC).value(),
          validation.difference(Metric.ACCURACY).value(),
          validation.correlation(),
          form.threshold().isPresent()
              ? String.format(Locale.ROOT, ", threshold %.4f", form.threshold().getAsDouble())
              : "",
          refitted ? ", head trained anew" : "",
          floatLayers.isEmpty() ? "" : ", in floats: " + String.join(", ", floatLayers),
          searchFailed ? "; no layers to keep in floats found within the limits" : "");
    }
  }

  /**
   * Quantizes, and writes {@code quantized.json} with its files. If the folder holds what was made
   * of the same classifier with the same options, that is the result.
   *
   * @param dataset what the classifier was trained on
   * @param model the trained classifier
   * @param folder where to write; what was there is replaced as a whole
   * @throws DeepXrayException if the classifier was trained on other data, or a layer to keep in
   *     floats does not exist
   * @throws IOException if something cannot be read or written
   */
  public List<Result> quantize(PreparedDataset dataset, TrainedModel model, Path folder)
      throws IOException {
    if (!model.description().dataset().equals(dataset.fingerprint())) {
      throw new DeepXrayException(
          "The model was trained on another data set than "
              + dataset.folder()
              + "; train again or give that data set.");
    }
    Stage stage = stage(dataset, model);
    StageManifest manifest = new StageManifest(folder, stage);
    Optional<Finished> done =
        context.resumes() ? manifest.outcome(Finished.class) : Optional.empty();
    if (done.isPresent()) {
      context.progress().note(manifest.told());
      return done.get().results();
    }
    List<Result> results = new ArrayList<>();
    AtomicFiles.requireOwn(folder, QuantizedForms.FILE);
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Run run = new Run(dataset, model, partial);
          for (QuantizationSpec spec : options.forms()) {
            results.add(run.quantize(spec));
          }
          AtomicFiles.write(
              partial.resolve(QuantizedForms.CALIBRATION),
              String.join("\n", run.examples.names()) + "\n");
          Json.write(
              partial.resolve(QuantizedForms.FILE),
              new QuantizedForms(
                  QuantizedForms.FORMAT,
                  model.model().weights().sha256(),
                  results.stream().map(Result::form).toList()));
          List<String> files = new ArrayList<>(List.of(QuantizedForms.FILE));
          for (Result result : results) {
            files.add(result.form().file());
            files.addAll(result.form().reports());
          }
          new StageManifest(partial, stage.writing(files)).keep(new Finished(results));
        });
    return List.copyOf(results);
  }

  /** What is told again of a stage that came to its end. */
  record Finished(List<Result> results) {
    Finished {
      results = List.copyOf(results);
    }
  }

  private Stage stage(PreparedDataset dataset, TrainedModel model) {
    return Stage.of("quantization", options)
        .reading("data", dataset.fingerprint())
        .reading("model", model.fingerprint())
        .reading("integers", integers.name() + " " + integers.version())
        .computedBy(context.engines());
  }

  /** One classifier on one data set. */
  private final class Run {
    private final PreparedDataset dataset;
    private final TrainedModel trained;
    private final Path folder;
    private final Decision decision;
    private final SplitScores reference;
    private final TrainingImages examples;

    Run(PreparedDataset dataset, TrainedModel trained, Path folder) throws IOException {
      this.dataset = dataset;
      this.trained = trained;
      this.folder = folder;
      decision = trained.description().decision().decision();
      reference =
          validate("trained", TfLiteWriter.toBytes(Passes.forInference().apply(trained.model())));
      examples = new TrainingImages(dataset, options.calibrationImages(), options.seed());
    }

    Result quantize(QuantizationSpec spec) throws IOException {
      Artifact artifact = Artifact.of(spec.mode().id());
      return spec.mode().calibrated() ? calibrated(spec, artifact) : plain(spec, artifact);
    }

    private Result plain(QuantizationSpec spec, Artifact artifact) throws IOException {
      Model quantized = spec.quantize(spec.prepare(trained.model()));
      byte[] bytes =
          TfLiteWriter.toBytes(
              quantized, TfLiteWriter.Options.DEFAULT.withSparse(options.sparse()));
      SplitScores scores = validate(artifact.key(), bytes);
      return write(
          spec,
          artifact,
          new Candidate(quantized, bytes, scores),
          decision,
          Set.of(),
          false,
          false,
          List.of());
    }

    private Result calibrated(QuantizationSpec spec, Artifact artifact) throws IOException {
      Model exact = spec.prepare(trained.model());
      Calibration calibration =
          new Calibrator(context.engines(), context.cores(), context.progress())
              .calibrate(exact, examples);
      IntegerQuantization pass = spec.integerQuantization(exact, calibration);
      Candidates candidates = new Candidates(spec, artifact, exact);
      Set<String> kept = Set.of();
      boolean searchFailed = false;
      Candidate candidate;
      if (options.search().isPresent()) {
        SensitivitySearch.Result found = search(pass, candidates, options.search().get());
        kept = new TreeSet<>(found.floatLayers());
        kept.removeAll(pass.floatLayers());
        searchFailed = !found.accepted();
        pass = pass.withFloatLayers(found.floatLayers());
        candidate = candidates.of(found.model());
      } else {
        candidate = candidates.of(pass.apply(exact));
      }
      Candidate chosen = candidate;
      if (options.refit() == Refit.ALWAYS
          || (options.refit() == Refit.AUTO && spec.mode() == QuantizationMode.INT8)) {
        Model other = refit(spec, pass, candidate.model);
        byte[] bytes = bytes(spec, other);
        SplitScores scores = validate(artifact.key() + " with new head", bytes);
        if (options.refit() == Refit.ALWAYS || closer(scores, candidate.scores)) {
          chosen = new Candidate(other, bytes, scores);
        }
      }
      List<String> reports = new ArrayList<>();
      if (options.reports()) {
        LayerReport report =
            new LayerAnalysis(integers, context.cores(), context.progress())
                .analyze(
                    exact,
                    candidate.model,
                    calibration,
                    examples.first(ANALYSIS_IMAGES),
                    trained.description().architecture().features());
        String name = "layers-" + artifact.key();
        report.writeJson(folder.resolve(name + ".json"));
        reports.add(name + ".json");
      }
      Decision chosenDecision = decisionFor(chosen.scores);
      boolean refitted = chosen != candidate;
      return write(spec, artifact, chosen, chosenDecision, kept, searchFailed, refitted, reports);
    }

    /** A quantized model as it would be written, and what it says of the validation images. */
    private static final class Candidate {
      private final Model model;
      private final byte[] bytes;
      private final SplitScores scores;

      Candidate(Model model, byte[] bytes, SplitScores scores) {
        this.model = model;
        this.bytes = bytes;
        this.scores = scores;
      }
    }

    /** The forms that the search looks at, each made once. */
    private final class Candidates {
      private final QuantizationSpec spec;
      private final Artifact artifact;
      private final Model exact;
      private final Map<Set<String>, Candidate> made = new HashMap<>();

      Candidates(QuantizationSpec spec, Artifact artifact, Model exact) {
        this.spec = spec;
        this.artifact = artifact;
        this.exact = exact;
      }

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
            options.biasCorrection() && spec.mode() == QuantizationMode.INT8
                ? new BiasCorrection(integers, context.cores(), context.progress())
                    .correct(exact, quantized, examples)
                : quantized;
        byte[] bytes = bytes(spec, corrected);
        return new Candidate(corrected, bytes, validate(artifact.key(), bytes));
      }

      /** Whether it would pass the gate. */
      boolean accepted(Model quantized) throws IOException {
        SplitScores scores = of(quantized).scores;
        return Gate.judge(
                options.limits(),
                Map.of(
                    Split.VALIDATION.key(),
                    Gate.Compared.of(reference, decision, scores, decisionFor(scores))))
            .blessed();
      }
    }

    private byte[] bytes(QuantizationSpec spec, Model quantized) {
      TfLiteWriter.Options form = TfLiteWriter.Options.DEFAULT.withSparse(options.sparse());
      return TfLiteWriter.toBytes(
          quantized,
          spec.mode() == QuantizationMode.INT8
              ? form.withInput(options.input()).withOutput(options.output())
              : form);
    }

    private Result write(
        QuantizationSpec spec,
        Artifact artifact,
        Candidate candidate,
        Decision own,
        Set<String> kept,
        boolean searchFailed,
        boolean refitted,
        List<String> reports)
        throws IOException {
      AtomicFiles.write(folder.resolve(artifact.path()), candidate.bytes);
      QuantizedForms.Form form =
          new QuantizedForms.Form(
              artifact.key(),
              artifact.path(),
              describe(spec, kept, refitted),
              Optional.of(Sparsity.of(candidate.model).total()),
              own.threshold(),
              reports);
      return new Result(
          form,
          kept,
          searchFailed,
          refitted,
          Comparison.of(reference, decision, candidate.scores, own, 0));
    }

    private Decision decisionFor(SplitScores scores) {
      return trained.description().decision().decisionFor(scores);
    }

    private boolean closer(SplitScores candidate, SplitScores current) {
      return Comparison.correlation(reference, candidate)
          > Comparison.correlation(reference, current);
    }

    /** What a file says about the validation images. */
    private SplitScores validate(String name, byte[] file) throws IOException {
      return new ArtifactScorer(dataset, context.cores(), context.progress())
          .score(
              "quantize " + name,
              true,
              threads -> TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT.withThreads(threads)),
              Split.VALIDATION)
          .scores();
    }

    private SensitivitySearch.Result search(
        IntegerQuantization pass, Candidates candidates, SensitivitySearch.Limits limits)
        throws IOException {
      double none = cost(pass.apply(candidates.exact));
      return new SensitivitySearch(integers, context.cores(), context.progress())
          .search(
              candidates.exact,
              pass,
              examples.first(ANALYSIS_IMAGES),
              trained.description().architecture().features(),
              candidates::accepted,
              candidate -> cost(candidate) / none,
              limits);
    }

    /** The quantized backbone with a head trained on what it computes. */
    private Model refit(QuantizationSpec spec, IntegerQuantization pass, Model quantized)
        throws IOException {
      HeadSpec head = trained.description().head();
      Model backbone = quantized.cutAt(trained.description().architecture().features());
      EmbeddingExtractor extractor =
          new EmbeddingExtractor(backbone, context.withEngines(integers));
      Embeddings train = extractor.extract(dataset, Split.TRAIN, head.views()).embeddings();
      Embeddings validation = extractor.extract(dataset, Split.VALIDATION, 1).embeddings();
      Model fitted =
          new HeadTrainer(
                  head, trained.description().seed(), context.withListener(TrainingListener.NONE))
              .train(train, validation);
      if (trained.description().pruning().isPresent()) {
        fitted =
            new HeadPruning(trained.description().pruning().get().spec(), context)
                .prune(trained.model().network(), fitted, train);
      }
      Model joint = spec.prepare(trained.backbone().then(fitted));
      // The ranges of the backbone are the same, and a head in floats needs none.
      IntegerQuantization ranged = pass;
      if (spec.integerHead()) {
        Calibration ranges =
            new Calibrator(context.engines(), context.cores(), context.progress())
                .calibrate(joint, examples);
        ranged = spec.integerQuantization(joint, ranges).withFloatLayers(pass.floatLayers());
      }
      Model requantized = ranged.apply(joint);
      // The head was trained on this backbone, whose biases may have been corrected.
      return new Model(
          requantized.network(),
          requantized.weights().plus(backbone.weights()),
          requantized.quantization());
    }
  }

  private String describe(QuantizationSpec spec, Set<String> kept, boolean refitted) {
    String form =
        switch (spec.mode()) {
          case FLOAT16 -> "16-bit float weights";
          case WEIGHTS -> "8-bit weights, float arithmetic";
          case DYNAMIC -> "8-bit weights, float activations";
          case INT8 -> "8-bit integers";
          case INT16X8 -> "8-bit weights, 16-bit activations";
        };
    List<String> details = new ArrayList<>();
    if (spec.mode().calibrated()) {
      details.add("ranges " + spec.ranges().method());
    }
    List<String> floats = new ArrayList<>(spec.keepFloat());
    floats.addAll(kept);
    if (!floats.isEmpty()) {
      details.add("in floats " + String.join(" ", floats));
    }
    if (refitted) {
      details.add("head trained anew");
    }
    if (spec.mode() == QuantizationMode.INT8) {
      integers("reads", options.input(), details);
      integers("writes", options.output(), details);
    }
    return details.isEmpty() ? form : form + " (" + String.join(", ", details) + ")";
  }

  /** Floats go without saying. */
  private static void integers(String verb, TfLiteWriter.DataType type, List<String> details) {
    if (type != TfLiteWriter.DataType.FLOAT32) {
      details.add(verb + " " + type.name().toLowerCase(Locale.ROOT));
    }
  }

  /**
   * About how long a quantized model takes: the mean of its share of multiplications and of values
   * written, float layers counted longer. Measuring would make the choice of layers depend on what
   * else the machine does.
   */
  private static double cost(Model model) {
    Network network = model.network();
    Map<String, Long> multiplyAdds = MultiplyAdds.perLayer(network);
    double work = 0;
    double values = 0;
    double floatWork = 0;
    double floatValues = 0;
    for (Layer layer : network.layers()) {
      double layerWork = multiplyAdds.getOrDefault(layer.name(), 0L);
      double layerValues = network.size(layer.name());
      work += layerWork;
      values += layerValues;
      if (!model.quantization().integer(layer.name())) {
        floatWork += layerWork;
        floatValues += layerValues;
      }
    }
    return 1 + FLOAT_COST * (floatWork / work + floatValues / values) / 2;
  }
}
