package io.github.deepxray.datasets.phantom;

import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * Which phantoms to draw. Start from {@link #DEFAULT} and change it with the {@code with} methods.
 *
 * @param train images for training
 * @param val images for the folder {@code val}
 * @param test images for testing
 * @param size height and width in pixels
 * @param seed decides everything else
 * @param junk whether to add what the Kaggle archive has besides: a nested copy of {@code val},
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
   * Images of each class.
   *
   * @param normal without pneumonia
   * @param pneumonia with it, two thirds bacterial
   */
  public record Counts(int normal, int pneumonia) {
    /** Checks that they are not negative. */
    public Counts {
      if (normal < 0 || pneumonia < 0) {
        throw new IllegalArgumentException("counts are not negative: " + normal + ", " + pneumonia);
      }
    }
  }

  /** Checks the size. */
  public PhantomOptions {
    if (size < 32 || size > 4096) {
      throw new IllegalArgumentException("size is 32 to 4096, not " + size);
    }
  }

  /** These options with other training images. */
  public PhantomOptions withTrain(int normal, int pneumonia) {
    return withTrain(new Counts(normal, pneumonia));
  }

  /** These options with other images in the folder {@code val}. */
  public PhantomOptions withVal(int normal, int pneumonia) {
    return withVal(new Counts(normal, pneumonia));
  }

  /** These options with other test images. */
  public PhantomOptions withTest(int normal, int pneumonia) {
    return withTest(new Counts(normal, pneumonia));
  }
}
