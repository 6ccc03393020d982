package io.github.deepxray.train.internal;

import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Random sample of images of the training split, kept encoded in memory, for calibration and
 * channel importance.
 */
public final class TrainingImages implements RepresentativeDataset {
  private final List<XrayRecord> records = new ArrayList<>();
  private final int size;

  /**
   * Draws the images.
   *
   * @param count number of images; all if there are fewer
   * @throws IOException if the shards cannot be read
   */
  public TrainingImages(PreparedDataset dataset, int count, long seed) throws IOException {
    size = dataset.manifest().options().imageSize();
    int images = dataset.images(Split.TRAIN);
    boolean[] drawn = new boolean[images];
    SplittableRandom random = new SplittableRandom(seed);
    for (int left = Math.min(count, images); left > 0; ) {
      int i = random.nextInt(images);
      if (!drawn[i]) {
        drawn[i] = true;
        left--;
      }
    }
    try (XrayReader reader = dataset.read(Split.TRAIN)) {
      int i = 0;
      for (Optional<XrayRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
        if (drawn[i++]) {
          records.add(next.get());
        }
      }
    }
  }

  /** File names of the images in the archive, in order. */
  public List<String> names() {
    return records.stream().map(XrayRecord::filename).toList();
  }

  @Override
  public int size() {
    return records.size();
  }

  @Override
  public float[] example(int index) throws IOException {
    float[] image = new float[size * size * 3];
    Resizer.resize(records.get(index).decode(), size, size).copyTo(image, 0);
    return image;
  }
}
