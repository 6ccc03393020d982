package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.bundle.Artifact;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.bundle.Prediction;
import io.github.deepxray.core.image.DecodedImage;
import io.github.deepxray.core.image.ImageFile;
import io.github.deepxray.core.io.Csv;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.export.Classifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Uses what was exported. */
@Command(
    name = "predict",
    description = {
      "Classifies images with a bundle, a .tflite file or a SavedModel.",
      "",
      "Reads JPEG, PNG, BMP and TIFF of any size, 8 or 16 bits, grey or colour; folders are"
          + " searched. A file that cannot be read is reported and the others go on; the exit code"
          + " is then 1. With TFLite, TensorFlow is not loaded.",
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
      description = "A bundle, a .tflite file or a SavedModel folder.")
  private Path model;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "<images>",
      description = "Image files, or folders that hold some.")
  private List<Path> images;

  @Option(
      names = "--format",
      defaultValue = "table",
      paramLabel = "<format>",
      description = "table, csv or json. Default: ${DEFAULT-VALUE}.")
  private Format format;

  @Option(
      names = "--artifact",
      defaultValue = "float32",
      paramLabel = "<form>",
      description =
          "Which model of a bundle to use: float32, float16, int8-weights, dynamic, int8, int16x8"
              + " or saved_model, as far as it has them. Default: ${DEFAULT-VALUE}.")
  private String artifact;

  @Option(
      names = "--threshold",
      paramLabel = "<p>",
      description =
          "From which probability on to decide for pneumonia, or for the second of two other"
              + " classes. Default: the one that was chosen on validation for a bundle, 0.5 for other"
              + " models.")
  private Double threshold;

  @Option(
      names = "--trust",
      description =
          "Run a SavedModel folder from elsewhere whatever its operations. Such a model is a program"
              + " that may write files; without this, only operations that export writes are run.")
  private boolean trust;

  @Override
  public Integer call() throws Exception {
    ImageFiles.refuseWrongOrder(common.command(), model, images);
    if (trust && (Bundle.isBundle(model) || Files.isRegularFile(model))) {
      throw new ParameterException(
          common.command().commandLine(),
          "--trust is for a SavedModel folder by itself; " + model + " is none. Leave it out.");
    }
    if (threshold != null && !(threshold >= 0 && threshold <= 1)) {
      throw new ParameterException(
          common.command().commandLine(), "--threshold must lie in 0..1, not " + threshold + ".");
    }
    OptionalDouble chosen =
        threshold == null ? OptionalDouble.empty() : OptionalDouble.of(threshold);
    PrintWriter out = common.command().commandLine().getOut();
    PrintWriter err = common.command().commandLine().getErr();
    ImageFiles found = ImageFiles.find(images);
    List<Path> files = found.images().stream().map(ImageFiles.Image::file).toList();
    int bad = found.unreadable().size();
    found.remarks().forEach(err::println);
    Artifact form = Usage.check(common, () -> Artifact.of(artifact));
    if (threshold != null && Bundle.isBundle(model)) {
      int classes = new Bundle(model).labels().size();
      if (classes > 2) {
        throw new ParameterException(
            common.command().commandLine(),
            "--threshold decides between two classes; "
                + model
                + " has "
                + classes
                + ", of which the most probable is decided for. Leave it out.");
      }
    }
    try (Classifier classifier =
        trust
            ? Classifier.loadTrusted(model, form, chosen, 1)
            : Classifier.load(model, form, chosen, 1)) {
      Output output =
          classifier.labels().size() == 2
              ? output(out, files)
              : multiclass(out, files, classifier.labels());
      for (Path file : files) {
        try {
          DecodedImage image = ImageFile.read(file);
          image.remarks("deepxray: " + file).forEach(err::println);
          output.add(file, classifier.classify(image.image()));
        } catch (DeepXrayException | IOException | OutOfMemoryError e) {
          bad++;
          err.println(Failures.line(file, e));
          err.flush();
        }
      }
      output.end();
    }
    out.flush();
    err.flush();
    return bad == 0 ? 0 : 1;
  }

  /** A line of the CSV output; probabilities have six digits. */
  private record CsvRow(String file, String label, String probability, String threshold) {}

  private interface Output {
    void add(Path file, Prediction prediction);

    default void end() {}
  }

  private Output output(PrintWriter out, List<Path> files) {
    switch (format) {
      case CSV -> {
        out.print(Csv.header(CsvRow.class) + "\n");
        return (file, p) ->
            out.print(
                Csv.line(
                    new CsvRow(
                        file.toString(),
                        p.label(),
                        digits(p.probability()),
                        digits(p.threshold().orElseThrow()))));
      }
      case JSON -> {
        ArrayNode array = Json.array();
        return new Output() {
          @Override
          public void add(Path file, Prediction p) {
            array
                .addObject()
                .put("file", file.toString())
                .put("label", p.label())
                // The shortest decimal that is this float, which the engine gave.
                .put("probability", (float) p.probability())
                .put("threshold", p.threshold().orElseThrow());
          }

          @Override
          public void end() {
            out.print(Json.pretty(array));
          }
        };
      }
      default -> {
        int longest = files.stream().mapToInt(f -> f.toString().length()).max().orElse(0);
        int width = Math.max(longest, "file".length());
        String row = "%-" + width + "s  %-10s %11s %10s%n";
        out.printf(Locale.ROOT, row, "file", "label", "probability", "threshold");
        return (file, p) ->
            out.printf(
                Locale.ROOT,
                row,
                file,
                p.label(),
                String.format(Locale.ROOT, "%.4f", p.probability()),
                String.format(Locale.ROOT, "%.4f", p.threshold().orElseThrow()));
      }
    }
  }

  /** A line of the CSV output before the probabilities. */
  private record ClassCsvRow(String file, String label) {}

  /** Of more than two classes: the most probable, and the probability of each. */
  private Output multiclass(PrintWriter out, List<Path> files, List<String> labels) {
    switch (format) {
      case CSV -> {
        StringBuilder head = new StringBuilder(Csv.header(ClassCsvRow.class));
        for (int c = 0; c < labels.size(); c++) {
          head.append(",probability_").append(c);
        }
        out.print(head + "\n");
        return (file, p) -> {
          StringBuilder line =
              new StringBuilder(
                  Csv.line(new ClassCsvRow(file.toString(), p.label())).stripTrailing());
          p.probabilities().forEach(probability -> line.append(',').append(digits(probability)));
          out.print(line + "\n");
        };
      }
      case JSON -> {
        ArrayNode array = Json.array();
        return new Output() {
          @Override
          public void add(Path file, Prediction p) {
            ObjectNode entry =
                array
                    .addObject()
                    .put("file", file.toString())
                    .put("label", p.label())
                    .put("probability", (float) p.probability());
            ObjectNode probabilities = entry.putObject("probabilities");
            for (int c = 0; c < labels.size(); c++) {
              probabilities.put(labels.get(c), (float) (double) p.probabilities().get(c));
            }
          }

          @Override
          public void end() {
            out.print(Json.pretty(array));
          }
        };
      }
      default -> {
        int longest = files.stream().mapToInt(f -> f.toString().length()).max().orElse(0);
        int name = labels.stream().mapToInt(String::length).max().orElse(0);
        String row =
            "%-"
                + Math.max(longest, "file".length())
                + "s  %-"
                + Math.max(name, "label".length())
                + "s %11s%n";
        out.printf(Locale.ROOT, row, "file", "label", "probability");
        return (file, p) ->
            out.printf(
                Locale.ROOT,
                row,
                file,
                p.label(),
                String.format(Locale.ROOT, "%.4f", p.probability()));
      }
    }
  }

  private static String digits(double probability) {
    return String.format(Locale.ROOT, "%.6f", probability);
  }
}
