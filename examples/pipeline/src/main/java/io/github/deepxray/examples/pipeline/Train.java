package io.github.deepxray.examples.pipeline;

import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.pipeline.BackboneSpec;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.stage.Context;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Trains a classifier on drawn phantoms. For X-rays, pass the archive to {@code prepare} and use
 * {@code BackboneSpec.of("b0").load(Progress.NONE)}.
 */
final class Train {
  private Train() {}

  /** Arguments: the output folder. */
  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[0]);
    Path phantoms = out.resolve("phantoms");
    PhantomArchive.writeFolder(
        phantoms, PhantomOptions.DEFAULT.withTrain(20, 28).withVal(4, 4).withTest(12, 16));
    Pipeline pipeline = Pipeline.in(out);
    pipeline.prepare(phantoms, DatasetOptions.DEFAULT.withSeed(5).withValidationFraction(0.25));
    HeadSpec head = HeadSpec.of("logistic").withViews(1).withEpochs(40);
    pipeline.train(untrained(pipeline.context()), TrainingSpec.of(head, 5));
    System.out.print(pipeline.evaluate().table(Split.TEST));
  }

  /** Returns an untrained backbone, without a download. */
  private static BackboneModel untrained(Context context) {
    Slice[] slices = {Slice.NORMAL, Slice.BACTERIAL, Slice.VIRAL};
    List<RgbImage> drawings =
        LongStream.range(0, 5)
            .mapToObj(i -> Phantom.draw(slices[(int) i % 3], 1, i, 1, 224))
            .toList();
    return BackboneSpec.of("b0").untrained(drawings, 0, context);
  }
}
