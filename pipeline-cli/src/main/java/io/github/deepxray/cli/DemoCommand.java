package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.FolderLock;
import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.export.BundleVerifier;
import io.github.deepxray.export.Pipeline;
import io.github.deepxray.report.DatasetOrigin;
import io.github.deepxray.train.Backbone;
import io.github.deepxray.train.Trainer;
import io.github.deepxray.train.UntrainedBackbone;
import io.github.deepxray.train.head.HeadSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** All stages on images that the project draws itself. */
@Command(
    name = "demo",
    description = {
      "Does everything without any data: draws radiograph phantoms, trains on them, ends with a"
          + " bundle.",
      "",
      "Nothing is downloaded. The phantoms are drawings and the backbone is untrained, so the"
          + " metrics say that the pipeline works and nothing about X-rays.",
      ""
    },
    footer = {"", "Example: deepxray demo --out demo"},
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  private static final int CALIBRATION_IMAGES = 16;
  private static final String PURPOSE =
      "A demonstration trained on drawn phantoms with an untrained backbone; it knows nothing about"
          + " X-rays.";

  @Mixin private CommonOptions common;

  @Option(
      names = "--out",
      defaultValue = "deepxray-demo",
      paramLabel = "<dir>",
      description = "The folder of all files. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Mixin private SeedOption seed;

  @Override
  public Integer call() throws Exception {
    return FolderLock.holding(out, this::demo);
  }

  private int demo() throws Exception {
    long start = System.nanoTime();
    Path phantoms = out.resolve("phantoms");
    PhantomArchive.writeFolder(phantoms, PhantomOptions.DEFAULT.withSeed(seed.seed));
    AtomicFiles.write(
        Configurations.file(out, common.command().name()), ConfigFile.yaml(common.command()));
    Map<String, String> config =
        Configurations.withoutPlaces(ConfigFile.effective(common.command()));
    Pipeline pipeline =
        Pipeline.builder(out).optProgress(common.console()).optConfig(config).build();
    PreparedDataset dataset =
        pipeline.prepare(
            phantoms, DatasetOptions.DEFAULT.withSeed(seed.seed).withValidationFraction(0.25));
    common.print(dataset.table() + "\n");
    Backbone backbone =
        UntrainedBackbone.calibrated(
            EfficientNet.B0,
            EfficientNet.B0.resolution(),
            calibrationImages(dataset),
            seed.seed,
            pipeline.context());
    HeadSpec head = HeadSpec.of("ensemble").withViews(1);
    common.print(
        Reports.training(
                pipeline.train(backbone, Trainer.Options.of(head, seed.seed)),
                dataset.manifest().profile())
            + "\n");
    common.print(pipeline.evaluate().table(Split.TEST) + "\n");
    Bundle bundle = pipeline.export("deepxray-demo", PURPOSE, DatasetOrigin.PHANTOMS);
    BundleVerifier.Report report = BundleVerifier.recorded(bundle);
    common.print(Reports.verification(bundle, report) + Reports.page(bundle));
    common.print(
        String.format(
            Locale.ROOT,
            "%nThis was a demonstration, %.0f s: drawn phantoms, an untrained backbone, a real"
                + " bundle in %s.%nIts numbers say that the pipeline works; they are not about"
                + " X-rays or patients.%n",
            (System.nanoTime() - start) / 1e9,
            bundle.folder()));
    return report.passed() ? 0 : 1;
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
