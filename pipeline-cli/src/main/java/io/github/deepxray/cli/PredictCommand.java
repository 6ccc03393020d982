package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.LogitMap;
import io.github.deepxray.classify.Prediction;
import io.github.deepxray.classify.PredictionMonitor;
import io.github.deepxray.classify.PredictionMonitor.Quantity;
import io.github.deepxray.classify.PredictionMonitor.Reference;
import io.github.deepxray.classify.ValidationDistribution;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.text.internal.Csv;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code predict}. */
@Command(
    name = "predict",
    description = {
      "Classifies images with a bundle, a .tflite file or another model of a known format.",
      "",
      "Reads ${bundle:image.formats} of any size, 8 or 16 bits, grey or colour; "
          + "folders are searched. Unreadable files are reported and skipped; the exit "
          + "code is then 1. With TFLite, TensorFlow is not loaded.",
      ""
    },
    footer = {"", "Example: deepxray predict work/bundle images/ --format csv"},
    sortOptions = false)
final class PredictCommand implements Callable<Integer> {
  private enum Format {
    TABLE,
    CSV,
    JSON
  }

  @Mixin private CommonOptions common;

  @Parameters(
      index = "0",
      paramLabel = "<model>",
      description = "A bundle, or a model file or folder of the formats ${bundle:model.formats}.")
  private Path model;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "<images>",
      description = "Image files or folders of images.")
  private List<Path> images;

  @Option(
      names = "--format",
      defaultValue = "table",
      paramLabel = "<format>",
      description = "table, csv or json. Default: ${DEFAULT-VALUE}.")
  private Format format;

  @Mixin private ArtifactOption artifact;

  @Option(
      names = "--threshold",
      paramLabel = "<p>",
      description =
          "Decision threshold: minimum probability for the positive class, the second of "
              + "two. Default: the threshold chosen on validation for a bundle, 0.5 for other "
              + "models.")
  private Double threshold;

  @Option(
      names = "--prevalence",
      paramLabel = "<share>",
      description =
          "Share of the positive class among the images of your clinic: corrects calibrated"
              + " probabilities of a bundle and its threshold, not the decisions. Default: the"
              + " share among the validation images, or at the site that the bundle was adapted"
              + " to.")
  private Double prevalence;

  @Option(
      names = "--summary",
      description =
          "Also write a summary to the error stream: images by class, means, and the drift from"
              + " the bundle's validation images (population stability index).")
  private boolean summary;

  @Option(
      names = "--trust",
      description =
          "Run a SavedModel folder with any operations. Such a model is a program that "
              + "may write files; without this option, only operations that export writes are "
              + "run.")
  private boolean trust;

  @Override
  public Integer call() throws Exception {
    ImageFiles.refuseWrongOrder(common.command(), model, images);
    refuseWrongValues();
    PrintWriter out = common.command().commandLine().getOut();
    PrintWriter err = common.command().commandLine().getErr();
    ImageFiles found = ImageFiles.find(images);
    List<Path> files = found.images().stream().map(ImageFiles.Image::file).toList();
    found.remarks().forEach(err::println);
    Artifact form = Usage.check(common, () -> artifact.of(model));
    refuseThresholdOfSeveralClasses();
    boolean good;
    PredictionMonitor monitor;
    try (Classifier classifier = Classifier.open(model, classifying(form))) {
      Output output = output(out, files, classifier.labels(), classifier.threshold());
      monitor = PredictionMonitor.ofAll(classifier.labels(), reference(form));
      good =
          found.each(
              err,
              (image, decoded) ->
                  output.add(
                      image.file(),
                      summary
                          ? classifier.classify(decoded, monitor)
                          : classifier.classify(decoded)));
      output.end();
    }
    out.flush();
    if (summary) {
      err.print(new PredictionSummary(monitor.summary(), model));
      err.flush();
    }
    return good ? 0 : 1;
  }

  private void refuseWrongValues() {
    if (trust && (Bundle.isBundle(model) || Files.isRegularFile(model))) {
      throw Usage.wrong(
          common,
          "--trust is for a SavedModel folder by itself; " + model + " is none. Leave it out.");
    }
    if (threshold != null && !(threshold >= 0 && threshold <= 1)) {
      throw Usage.wrong(common, "--threshold must lie in 0..1, not " + threshold + ".");
    }
    if (prevalence != null && !(prevalence > 0 && prevalence < 1)) {
      throw Usage.wrong(
          common, "--prevalence must lie between 0 and 1, not be " + prevalence + ".");
    }
  }

  private void refuseThresholdOfSeveralClasses() throws IOException {
    if (threshold != null && Bundle.isBundle(model)) {
      int classes = new Bundle(model).labels().size();
      if (classes > 2) {
        throw Usage.wrong(
            common,
            ("--threshold decides between two classes; %s has %s, of which the most probable"
                    + " is decided for. Leave it out.")
                .formatted(model, classes));
      }
    }
  }

  private Classifier.Options classifying(Artifact form) {
    Classifier.Options options = Classifier.Options.DEFAULT.withArtifact(form);
    Classifier.Options deciding = threshold == null ? options : options.withThreshold(threshold);
    Classifier.Options corrected =
        prevalence == null ? deciding : deciding.withPrevalence(prevalence);
    return trust ? corrected.trusting() : corrected;
  }

  /** Validation images of the bundle; a threshold of the user makes other decisions. */
  private Reference reference(Artifact form) throws IOException {
    if (!summary || !Bundle.isBundle(model)) {
      return Reference.NONE;
    }
    Bundle bundle = Bundle.open(model);
    Reference reference =
        ValidationDistribution.reference(
            bundle, form, prevalence == null ? LogitMap.IDENTITY : bundle.correction(prevalence));
    return threshold == null ? reference : reference.without(Quantity.DECISION);
  }

  private interface Output {
    void add(Path file, Prediction prediction);

    default void end() {}
  }

  private Output output(
      PrintWriter out, List<Path> files, List<String> labels, OptionalDouble decidesFrom) {
    return switch (format) {
      case CSV -> csv(out, labels.size());
      case JSON -> new JsonOutput(out, labels);
      case TABLE -> table(out, files, labels, decidesFrom.isPresent());
    };
  }

  private static Output csv(PrintWriter out, int classes) {
    out.print("file,label,probability,threshold");
    IntStream.range(0, classes).forEach(c -> out.print(",probability_" + c));
    out.print('\n');
    return (file, p) -> {
      List<String> cells = new ArrayList<>(List.of(file.toString(), p.label()));
      cells.add(digits(p.probability()));
      cells.add(p.threshold().isPresent() ? digits(p.threshold().getAsDouble()) : "");
      p.probabilities().forEach(probability -> cells.add(digits(probability)));
      out.print(Csv.line(cells));
    };
  }

  private static final class JsonOutput implements Output {
    private final PrintWriter out;
    private final List<String> labels;
    private final ArrayNode array = Json.array();

    JsonOutput(PrintWriter out, List<String> labels) {
      this.out = out;
      this.labels = labels;
    }

    @Override
    public void add(Path file, Prediction p) {
      ObjectNode entry = array.addObject().put("file", file.toString()).put("label", p.label());
      // Shortest decimals that are parsed to the same floats.
      entry.put("probability", (float) p.probability());
      p.threshold().ifPresent(threshold -> entry.put("threshold", threshold));
      ObjectNode probabilities = entry.putObject("probabilities");
      for (int c = 0; c < labels.size(); c++) {
        probabilities.put(labels.get(c), (float) (double) p.probabilities().get(c));
      }
    }

    @Override
    public void end() {
      out.print(Json.pretty(array));
    }
  }

  /** Returns a table with the probability of the second of two classes, or of the decided class. */
  private static Output table(
      PrintWriter out, List<Path> files, List<String> labels, boolean byThreshold) {
    int longest = files.stream().mapToInt(f -> f.toString().length()).max().orElse(0);
    int name = labels.stream().mapToInt(String::length).max().orElse(0);
    String row =
        "%-" + Math.max(longest, "file".length()) + "s  %-" + Math.max(name, 10) + "s %11s";
    String threshold = byThreshold ? " %10s" : "";
    out.printf(Locale.ROOT, row + threshold + "%n", "file", "label", "probability", "threshold");
    return (file, p) -> {
      String probability = String.format(Locale.ROOT, "%.4f", p.probability());
      String from = String.format(Locale.ROOT, "%.4f", p.threshold().orElse(Double.NaN));
      out.printf(Locale.ROOT, row + threshold + "%n", file, p.label(), probability, from);
    };
  }

  private static String digits(double probability) {
    return String.format(Locale.ROOT, "%.6f", probability);
  }
}
