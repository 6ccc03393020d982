package io.github.deepxray.core.image;

import io.github.deepxray.core.internal.Keyed;

/**
 * How an image whose shape differs from a network's input becomes that input: the same for
 * training, prediction and serving.
 *
 * <p>All sizes are whole numbers. Below, an image has {@code h} rows and {@code w} columns, the
 * input has {@code H} and {@code W}. A quotient is rounded to the next whole number, halves up:
 * {@code round(a / b)} is {@code (2 a + b) / (2 b)} without the remainder, in 64 bits. Half the
 * difference of two sizes is rounded down, so that of an odd difference the larger part is at the
 * bottom and at the right.
 */
public enum Fit implements Keyed {
  /** The image is resized to {@code H x W}; its aspect ratio is not kept. */
  STRETCH("stretched to"),
  /**
   * The largest part of the aspect ratio of the input, in the middle of the image, is resized to
   * {@code H x W}; the rest is cut off. The part has {@code round(w H / W)} rows, at least 1 and at
   * most {@code h}, and {@code round(h W / H)} columns, at least 1 and at most {@code w}. Its first
   * row is half the difference to {@code h}, its first column half the difference to {@code w}.
   */
  CROP("cropped around the centre and resized to"),
  /**
   * The whole image is resized to the largest size of its aspect ratio within the input, and put in
   * the middle of black. That size has {@code round(h W / w)} rows, at least 1 and at most {@code
   * H}, and {@code round(w H / h)} columns, at least 1 and at most {@code W}. Its first row is half
   * the difference to {@code H}, its first column half the difference to {@code W}.
   */
  PAD("resized to fit, with black bars, into");

  private final String words;

  Fit(String words) {
    this.words = words;
  }

  /** What happens to an image, to be followed by the size of the input in a sentence. */
  public String words() {
    return words;
  }

  /**
   * Part of an image that becomes the network's input, as shares of the image's height and width.
   * It is the whole image for {@link #STRETCH}, and extends beyond it for {@link #PAD}.
   *
   * @param top the first row, 0 at the top of the image, negative above it
   * @param left the first column, 0 at the left of the image, negative left of it
   * @param height the height, 1 for that of the image
   * @param width the width, 1 for that of the image
   */
  public record Region(double top, double left, double height, double width) {}

  /** Size of an image or of a part of it. */
  private record Size(int height, int width) {
    /** Height of the aspect ratio of another size, for the width of this one, at most a number. */
    int heightLike(Size other, int most) {
      return scaled(width, other.height, other.width, most);
    }

    /** Width of the aspect ratio of another size, for the height of this one, at most a number. */
    int widthLike(Size other, int most) {
      return scaled(height, other.width, other.height, most);
    }

    private static int scaled(int length, int numerator, int denominator, int most) {
      long rounded = (2L * length * numerator + denominator) / (2L * denominator);
      return (int) Math.max(1, Math.min(most, rounded));
    }
  }

  /** Size of the part of an image that {@link #CROP} keeps. */
  private static Size kept(Size image, Size input) {
    return new Size(image.heightLike(input, image.height()), image.widthLike(input, image.width()));
  }

  /** Size of the image within the input of {@link #PAD}. */
  private static Size within(Size image, Size input) {
    return new Size(input.heightLike(image, input.height()), input.widthLike(image, input.width()));
  }

  /**
   * Returns the input of a network; the same image if it already has that size. Images of the
   * input's aspect ratio are resized alike by every fit. The work and the memory are proportional
   * to the numbers of pixels of image and input.
   *
   * @param height the input's height in pixels, at least 1
   * @param width the input's width in pixels, at least 1
   */
  public RgbImage apply(RgbImage image, int height, int width) {
    Size size = new Size(image.height(), image.width());
    Size input = new Size(height, width);
    return switch (this) {
      case STRETCH -> Resizer.resize(image, height, width);
      case CROP -> Resizer.resize(centred(image, kept(size, input)), height, width);
      case PAD -> {
        Size inside = within(size, input);
        yield centred(Resizer.resize(image, inside.height(), inside.width()), input);
      }
    };
  }

  /**
   * Returns the part of an image that becomes a network's input.
   *
   * @param height the input's height in pixels, at least 1
   * @param width the input's width in pixels, at least 1
   */
  public Region region(RgbImage image, int height, int width) {
    Size size = new Size(image.height(), image.width());
    Size input = new Size(height, width);
    return switch (this) {
      case STRETCH -> new Region(0, 0, 1, 1);
      case CROP -> {
        Size kept = kept(size, input);
        yield new Region(
            (double) start(size.height(), kept.height()) / size.height(),
            (double) start(size.width(), kept.width()) / size.width(),
            (double) kept.height() / size.height(),
            (double) kept.width() / size.width());
      }
      case PAD -> {
        Size inside = within(size, input);
        yield new Region(
            (double) -start(height, inside.height()) / inside.height(),
            (double) -start(width, inside.width()) / inside.width(),
            (double) height / inside.height(),
            (double) width / inside.width());
      }
    };
  }

  /** Cuts off or adds black at opposite sides, half of it at each. */
  private static RgbImage centred(RgbImage image, Size size) {
    if (size.height() == image.height() && size.width() == image.width()) {
      return image;
    }
    int from = start(image.height(), size.height()) * image.width();
    from += start(image.width(), size.width());
    int to = start(size.height(), image.height()) * size.width();
    to += start(size.width(), image.width());
    int rows = Math.min(image.height(), size.height());
    int columns = Math.min(image.width(), size.width());
    byte[] pixels = new byte[Math.multiplyExact(size.height(), size.width()) * 3];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(
          image.pixels(),
          3 * (from + row * image.width()),
          pixels,
          3 * (to + row * size.width()),
          3 * columns);
    }
    return RgbImage.wrap(size.height(), size.width(), pixels);
  }

  /** Start of a shorter length in the middle of a longer one; 0 if it is not shorter. */
  private static int start(int length, int shorter) {
    return Math.max(0, length - shorter) / 2;
  }
}
