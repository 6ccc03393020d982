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
import io.github.deepxray.classify.Unfamiliarity;
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
import java.util.Optional;
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
      "",
      "A model with an input guard tells for each image whether it is unlike the training images, "
          + "such as a photograph or a scan of another part of the body. Do not use the result of "
          + "such an image.",
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
      description =
          "table, csv or json. Default: ${DEFAULT-VALUE}. The columns of csv: file, label,"
              + " probability, threshold, the probability of each class from probability_0,"
              + " unfamiliarity (0 to 1) and unfamiliar (true or false); empty if the model has"
              + " none.")
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
              + " the bundle's validation images (population stability index), and the share of"
              + " images unlike the training images.")
  private boolean summary;

  @Option(
      names = "--strict",
      description =
          "Exit with code 1 if an image is unlike the training images. The model must have an"
              + " input guard.")
  private boolean strict;

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
    Counting output;
    PredictionMonitor monitor;
    try (Classifier classifier = Classifier.open(model, classifying(form))) {
      checkGuard(classifier, err);
      output = new Counting(output(out, files, classifier.labels(), classifier.threshold()));
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
    }
    output.remark().ifPresent(err::println);
    err.flush();
    return good && !(strict && output.unfamiliar > 0) ? 0 : 1;
  }

  /** Says that a model has no input guard, which {@code --strict} needs. */
  private void checkGuard(Classifier classifier, PrintWriter err) {
    if (classifier.unfamiliarityLimit().isEmpty()) {
      if (strict) {
        throw Usage.wrong(
            common,
            "--strict needs a model with an input guard, which "
                + model
                + " has not; export it with one, or leave the option out.");
      }
      err.println(
          "deepxray: "
              + model
              + " has no input guard: it also classifies images that are unlike the training"
              + " images.");
    }
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

  /** Output that counts the images. */
  private static final class Counting implements Output {
    private final Output output;
    private int images;
    private int unfamiliar;

    Counting(Output output) {
      this.output = output;
    }

    @Override
    public void add(Path file, Prediction prediction) {
      images++;
      unfamiliar += prediction.unfamiliar() ? 1 : 0;
      output.add(file, prediction);
    }

    @Override
    public void end() {
      output.end();
    }

    /** Says how many images are unfamiliar; empty if none is. */
    Optional<String> remark() {
      return unfamiliar == 0
          ? Optional.empty()
          : Optional.of(
              "deepxray: %s of %s %s unlike the training images: do not use %s."
                  .formatted(
                      unfamiliar,
                      images,
                      images == 1 ? "image is" : "images are",
                      unfamiliar == 1 ? "the result" : "the results"));
    }
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
    out.print(",unfamiliarity,unfamiliar\n");
    return (file, p) -> {
      List<String> cells = new ArrayList<>(List.of(file.toString(), p.label()));
      cells.add(digits(p.probability()));
      cells.add(p.threshold().isPresent() ? digits(p.threshold().getAsDouble()) : "");
      p.probabilities().forEach(probability -> cells.add(digits(probability)));
      cells.add(p.unfamiliarity().map(guard -> digits(guard.value())).orElse(""));
      cells.add(p.unfamiliarity().map(guard -> Boolean.toString(guard.exceeded())).orElse(""));
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
      p.unfamiliarity()
          .ifPresent(
              guard ->
                  entry
                      .put("unfamiliar", guard.exceeded())
                      .put("unfamiliarity", (float) guard.value())
                      .put("unfamiliarityLimit", guard.limit()));
    }

    @Override
    public void end() {
      out.print(Json.pretty(array));
    }
  }

  /**
   * Returns a table with the probability of the second of two classes, or of the decided class, and
   * a warning behind images that are unlike the training images.
   */
  private static Output table(
      PrintWriter out, List<Path> files, List<String> labels, boolean byThreshold) {
    int longest = files.stream().mapToInt(f -> f.toString().length()).max().orElse(0);
    int name = labels.stream().mapToInt(String::length).max().orElse(0);
    String row =
        "%-" + Math.max(longest, "file".length()) + "s  %-" + Math.max(name, 10) + "s %11s";
    String threshold = byThreshold ? " %10s" : "";
    out.printf(Locale.ROOT, row + threshold + "%n", "file", "label", "probability", "threshold");
    String warned = row + threshold + "  " + Unfamiliarity.WARNING + "%n";
    return (file, p) -> {
      String probability = String.format(Locale.ROOT, "%.4f", p.probability());
      String from = String.format(Locale.ROOT, "%.4f", p.threshold().orElse(Double.NaN));
      String line = p.unfamiliar() ? warned : row + threshold + "%n";
      out.printf(Locale.ROOT, line, file, p.label(), probability, from);
    };
  }

  private static String digits(double probability) {
    return String.format(Locale.ROOT, "%.6f", probability);
  }
}
