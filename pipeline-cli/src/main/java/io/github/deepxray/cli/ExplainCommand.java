package io.github.deepxray.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.Explainer;
import io.github.deepxray.classify.Prediction;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.HeatMapOverlay;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code explain}. */
@Command(
    name = "explain",
    description = {
      "Draws Grad-CAM heat maps over images, for the positive class, or the most "
          + "probable of more than two classes.",
      "",
      "Writes for each image <out>/<name>.png, the image with its heat map from dark "
          + "blue (low) to yellow (high), and an entry with label, probability and the map "
          + "in <out>/explanations.json. The map is computed by the trained model in "
          + "model-explain.tflite; colours are relative to the maximum of each map. "
          + "If the data set was cropped or padded (data --fit), the picture is the part of "
          + "the image that the model reads, or has the bars. "
          + "Unreadable files are reported and skipped; the exit code is then 1.",
      ""
    },
    footer = {"", "Example: deepxray explain work/bundle images/ --out heat-maps"},
    sortOptions = false)
final class ExplainCommand implements Callable<Integer> {
  private static final String FORMAT = "deepxray-explanations/1";
  private static final String FILE = "explanations.json";

  @Mixin private CommonOptions common;

  @Parameters(index = "0", paramLabel = "<bundle>", description = "Bundle written by export.")
  private Path folder;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "<images>",
      description = "Image files or folders of images.")
  private List<Path> images;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "<dir>",
      description = "Output folder of the pictures and explanations.json.")
  private Path out;

  @Option(
      names = "--opacity",
      defaultValue = "0.6",
      paramLabel = "<share>",
      description =
          "Opacity of the colour at the maximum of the map, 0 to 1; elsewhere "
              + "proportional to the map. Default: ${DEFAULT-VALUE}.")
  private double opacity;

  @Option(names = "--heat-only", description = "Draw the heat map without the image.")
  private boolean heatOnly;

  @Option(
      names = "--max-side",
      defaultValue = "1024",
      paramLabel = "<pixels>",
      description =
          "Maximum length of the longer side of a picture; larger images are shrunk. "
              + "Default: ${DEFAULT-VALUE}.")
  private int maxSide;

  @Option(
      names = "--artifact",
      defaultValue = "float32",
      paramLabel = "<form>",
      description =
          "Model of the bundle for label and probability, as in predict. Default: "
              + "${DEFAULT-VALUE}.")
  private String artifact;

  /** Content of the JSON file. */
  private record Explanations(String format, List<Entry> images) {}

  /**
   * Entry of an image.
   *
   * @param picture name of the picture file in the same folder
   */
  private record Entry(
      String file,
      String label,
      float probability,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble threshold,
      int height,
      int width,
      String picture,
      Grid heatMap) {}

  /**
   * Heat map.
   *
   * @param region the part of the image that it covers
   * @param max largest value, in units of the logit
   * @param frameShare share of the heat in the outer tenth of that part on each side
   * @param values values divided by the largest, row by row
   */
  private record Grid(
      int height, int width, Fit.Region region, float max, double frameShare, List<Float> values) {
    static Grid of(Explainer.Explanation explained) {
      HeatMap map = explained.heatMap();
      List<Float> values = new ArrayList<>();
      for (float value : map.normalized().values()) {
        values.add(value);
      }
      return new Grid(
          map.height(), map.width(), explained.region(), map.max(), map.frameShare(), values);
    }
  }

  @Override
  public Integer call() throws Exception {
    ImageFiles.refuseWrongOrder(common.command(), folder, images);
    checkOptions();
    Artifact form = Usage.check(common, () -> Artifact.of(artifact));
    Bundle bundle = Bundle.open(folder);
    Path model = folder.resolve(Bundle.EXPLAIN);
    if (!Files.isRegularFile(model)) {
      throw new DeepXrayException(
          folder + " has no " + Bundle.EXPLAIN + "; export it again, without --no-explain.");
    }
    bundle.requireIntact(Bundle.EXPLAIN::equals);
    ImageFiles found = ImageFiles.find(images);
    PrintWriter err = common.command().commandLine().getErr();
    found.remarks().forEach(err::println);
    List<Entry> entries = new ArrayList<>();
    Pictures pictures = new Pictures(found);
    try (Classifier classifier =
            Classifier.open(bundle.folder(), Classifier.Options.DEFAULT.withArtifact(form));
        Explainer explainer = Explainer.open(model)) {
      boolean good =
          found.each(
              err,
              (image, decoded) -> {
                Prediction prediction = classifier.classify(decoded);
                Explainer.Explanation explained = explainer.explain(decoded);
                Path picture = pictures.of(image);
                AtomicFiles.write(
                    picture, ImageCodec.encodePng(draw(decoded, explained, classifier.fit())));
                entries.add(entry(image.file(), prediction, decoded, picture, explained));
                common.print(
                    Reports.text(
                        "%s: %s, probability %.4f, %.0f %% of the heat in the outer tenth, %s%n",
                        image.file(),
                        prediction.label(),
                        prediction.probability(),
                        100 * explained.heatMap().frameShare(),
                        picture));
              });
      Json.write(out.resolve(FILE), new Explanations(FORMAT, entries));
      return good ? 0 : 1;
    }
  }

  private void checkOptions() {
    if (!(opacity >= 0 && opacity <= 1)) {
      throw Usage.wrong(common, "--opacity must lie in 0..1, not " + opacity + ".");
    }
    if (maxSide < 1) {
      throw Usage.wrong(common, "--max-side must be at least 1, not " + maxSide + ".");
    }
  }

  /** Draws what the network saw: the whole image, a part of it, or the image with bars. */
  private RgbImage draw(RgbImage image, Explainer.Explanation explained, Fit fit) {
    double seenHeight = explained.region().height() * image.height();
    double seenWidth = explained.region().width() * image.width();
    double shrink = Math.min(1, maxSide / Math.max(seenHeight, seenWidth));
    int height = (int) Math.max(1, Math.rint(seenHeight * shrink));
    int width = (int) Math.max(1, Math.rint(seenWidth * shrink));
    return heatOnly
        ? HeatMapOverlay.alone(explained.heatMap(), height, width)
        : HeatMapOverlay.over(fit.apply(image, height, width), explained.heatMap(), opacity);
  }

  private Entry entry(
      Path file,
      Prediction prediction,
      RgbImage image,
      Path picture,
      Explainer.Explanation explained) {
    return new Entry(
        file.toString(),
        prediction.label(),
        // Shortest decimal that is parsed to the same float.
        (float) prediction.probability(),
        prediction.threshold(),
        image.height(),
        image.width(),
        out.relativize(picture).toString().replace('\\', '/'),
        Grid.of(explained));
  }

  /** File names of pictures: unique, and different from the images. */
  private final class Pictures {
    private final Set<Path> originals = new HashSet<>();
    private final Set<Path> taken = new HashSet<>();

    private Pictures(ImageFiles found) throws IOException {
      for (ImageFiles.Image image : found.images()) {
        if (Files.exists(image.file())) {
          originals.add(image.file().toRealPath());
        }
      }
    }

    private Path of(ImageFiles.Image image) throws IOException {
      String name = image.name().getFileName().toString();
      String stem = name.replaceFirst("\\.[^.]*$", "");
      Path picture = out.resolve(image.name()).resolveSibling(stem + ".png");
      for (int i = 2; !taken.add(picture); i++) {
        picture = out.resolve(image.name()).resolveSibling(stem + "-" + i + ".png");
      }
      if (Files.exists(picture) && originals.contains(picture.toRealPath())) {
        throw new DeepXrayException(
            "the picture would replace " + picture + "; choose another folder with --out.");
      }
      return picture;
    }
  }
}
