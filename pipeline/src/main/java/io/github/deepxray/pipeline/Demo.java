package io.github.deepxray.pipeline;

import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.FolderLock;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.DatasetOrigin;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.HeadSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Demonstration of all stages on drawn phantoms with an untrained backbone, without downloads. Its
 * metrics show that the pipeline works; they have no meaning for X-rays.
 */
public final class Demo {
  private static final int CALIBRATION_IMAGES = 16;
  private static final ModelPurpose PURPOSE =
      new ModelPurpose(
          "deepxray-demo",
          "A demonstration trained on drawn phantoms with an untrained backbone; it knows nothing"
              + " about X-rays.",
          DatasetOrigin.PHANTOMS);

  private Demo() {}

  /**
   * Draws the phantoms into the pipeline's folder and runs all stages on them.
   *
   * @param seed seed of all random numbers
   * @throws IOException if something cannot be read or written
   */
  public static RunResult run(Pipeline pipeline, long seed) throws IOException {
    return FolderLock.holding(pipeline.out(), () -> runHeld(pipeline, seed));
  }

  private static RunResult runHeld(Pipeline pipeline, long seed) throws IOException {
    Path phantoms = pipeline.out().resolve("phantoms");
    PhantomArchive.writeFolder(phantoms, PhantomOptions.DEFAULT.withSeed(seed));
    PreparedDataset dataset =
        pipeline.prepare(
            phantoms, DatasetOptions.DEFAULT.withSeed(seed).withValidationFraction(0.25));
    BackboneModel backbone =
        BackboneSpec.of(Backbones.DEFAULT)
            .untrained(calibrationImages(dataset), seed, pipeline.context());
    pipeline.train(backbone, TrainingSpec.of(HeadSpec.DEFAULT.withViews(1), seed));
    ModelMetrics metrics = pipeline.evaluate();
    return RunResult.of(pipeline.export(PURPOSE, BundleSpec.DEFAULT), metrics);
  }

  private static List<RgbImage> calibrationImages(PreparedDataset dataset) throws IOException {
    List<RgbImage> images = new ArrayList<>();
    try (XrayReader reader = dataset.read(Split.TRAIN)) {
      Optional<XrayRecord> next = reader.next();
      while (next.isPresent() && images.size() < CALIBRATION_IMAGES) {
        images.add(next.get().decode());
        next = reader.next();
      }
    }
    return images;
  }
}
