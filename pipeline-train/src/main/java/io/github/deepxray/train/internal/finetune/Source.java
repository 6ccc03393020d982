package io.github.deepxray.train.internal.finetune;

import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.internal.embedding.EmbeddingCache;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor;
import io.github.deepxray.train.internal.embedding.View;
import java.io.IOException;
import java.util.List;

/** Inputs of the trained layers for the images of a split. Thread-safe. */
sealed interface Source {
  /** The images in the order of the shards. */
  List<Embeddings.Image> images();

  /**
   * Copies the example of an image's view into an array.
   *
   * @param image number of the image
   */
  void read(int image, View view, float[] target, int offset) throws IOException;

  /** Cached activations. */
  record Cached(EmbeddingCache cache, EmbeddingExtractor.Filled split) implements Source {
    @Override
    public List<Embeddings.Image> images() {
      return split.images();
    }

    @Override
    public void read(int image, View view, float[] target, int offset) throws IOException {
      if (!cache.read(split.hashes().get(image), view, target, offset)) {
        throw new IllegalStateException("an activation was not computed");
      }
    }
  }

  /** Pixels of images that are kept compressed in memory. */
  record Rendered(List<XrayRecord> records, List<Embeddings.Image> images, int size)
      implements Source {
    /** Reads all images of a split. */
    static Rendered of(PreparedDataset dataset, Split split, int size) throws IOException {
      List<XrayRecord> records = dataset.readAll(split);
      DatasetProfile profile = dataset.manifest().profile();
      return new Rendered(
          List.copyOf(records),
          records.stream().map(record -> Embeddings.Image.of(record, profile)).toList(),
          size);
    }

    @Override
    public void read(int image, View view, float[] target, int offset) {
      XrayRecord record = records.get(image);
      RgbImage pixels = Resizer.resize(record.decode(), size, size);
      view.render(pixels, record.sha256(), target, offset);
    }
  }
}
