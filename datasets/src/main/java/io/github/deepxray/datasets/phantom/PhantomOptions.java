package io.github.deepxray.datasets.phantom;

import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * Options of drawing phantoms. Start from {@link #DEFAULT} and change it with the {@code with}
 * methods.
 *
 * @param train the number of training images
 * @param val the number of images in the folder {@code val}
 * @param test the number of test images
 * @param size height and width in pixels
 * @param seed the seed of all random numbers
 * @param junk whether to add the surplus files of the Kaggle archive: a nested copy of {@code val},
 *     {@code __MACOSX}, {@code .DS_Store}
 */
@RecordBuilder
public record PhantomOptions(
    Counts train, Counts val, Counts test, int size, long seed, boolean junk)
    implements PhantomOptionsBuilder.With {
  /** 400 images for training, 16 for val and 160 for testing, of 224 pixels, seed 0, no junk. */
  public static final PhantomOptions DEFAULT =
      new PhantomOptions(new Counts(160, 240), new Counts(8, 8), new Counts(64, 96), 224, 0, false);

  /**
   * Number of images of each class.
   *
   * @param normal without pneumonia
   * @param pneumonia with pneumonia, two thirds bacterial
   */
  public record Counts(int normal, int pneumonia) {
    /** Checks that the counts are not negative. */
    public Counts {
      if (normal < 0 || pneumonia < 0) {
        throw new IllegalArgumentException(
            "counts must not be negative: " + normal + ", " + pneumonia);
      }
    }
  }

  /** Checks the size. */
  public PhantomOptions {
    if (size < 32 || size > 4096) {
      throw new IllegalArgumentException("size must be 32 to 4096, not " + size);
    }
  }

  /** Returns a copy with another number of training images. */
  public PhantomOptions withTrain(int normal, int pneumonia) {
    return withTrain(new Counts(normal, pneumonia));
  }

  /** Returns a copy with another number of images in the folder {@code val}. */
  public PhantomOptions withVal(int normal, int pneumonia) {
    return withVal(new Counts(normal, pneumonia));
  }

  /** Returns a copy with another number of test images. */
  public PhantomOptions withTest(int normal, int pneumonia) {
    return withTest(new Counts(normal, pneumonia));
  }
}
