package io.github.deepxray.train.internal.embedding;

import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * View of an image: the unchanged image (view 0) or a random augmentation. The random changes
 * depend only on the image's hash, the number of the view and the augmentation, so that a view can
 * be cached. Pixels outside the image repeat its edge.
 *
 * @param number number of the view, 0 for the unchanged image
 * @param augmentation ranges of the changes of other views
 */
public record View(int number, Augmentation augmentation) implements ImageView {
  /** The unchanged image. */
  public static final View IDENTITY = new View(0);

  /** Number of framed views of each validation image. */
  public static final int FRAMED = 3;

  /** The ranges of {@link Augmentation#MILD}. */
  private static final class Mild {
    private static final double ANGLE = Math.toRadians(10);
    private static final double ZOOM = 0.1;
    private static final double SHIFT = 0.06;
    private static final double CONTRAST = 0.15;
    private static final double BRIGHTNESS = 0.08;
  }

  /** The ranges of {@link Augmentation#STRONG}. */
  private static final class Strong {
    private static final double ANGLE = Math.toRadians(15);
    private static final double LEAST_ZOOM = 0.85;
    private static final double MOST_ZOOM = 1.25;
    private static final double SHIFT = 0.08;
    private static final double LOG_GAMMA = 0.4;
    private static final double CONTRAST = 0.3;
    private static final double BRIGHTNESS = 0.12;
    private static final double BLUR_PROBABILITY = 0.3;
    private static final double LEAST_BLUR = 0.3;
    private static final double MOST_BLUR = 1.3;
    private static final double NOISE_PROBABILITY = 0.2;
    private static final double LEAST_NOISE = 1;
    private static final double MOST_NOISE = 8;
    // Views of the same number are independent between augmentations.
    private static final long SALT = 0x5851F42D4C957F2DL;
  }

  /** The ranges of {@link Augmentation#FRAMING}. */
  private static final class Framing {
    private static final double ANGLE = Math.toRadians(8);
    private static final double LOG_ASPECT = 0.4;
    private static final double LEAST_CROP = 0.85;
    // Crops lie nearer the centre than the edge: half of the possible offset.
    private static final double OFFSET = 0.5;
    private static final double LOG_GAMMA = 0.4;
    private static final double LOG_CONTRAST = 0.3;
    private static final double BRIGHTNESS = 0.1;
    private static final double BLUR_PROBABILITY = 0.5;
    private static final double LEAST_BLUR = 0.3;
    private static final double MOST_BLUR = 1.2;
    // Views of the same number are independent between augmentations.
    private static final long SALT = 0x14057B7EF767814FL;
  }

  /** Checks the number. */
  public View {
    if (number < 0) {
      throw new IllegalArgumentException("view " + number);
    }
    if (number == 0) {
      augmentation = Augmentation.MILD;
    }
  }

  /** Creates a mildly augmented view. */
  public View(int number) {
    this(number, Augmentation.MILD);
  }

  /** Returns a number of views, the first with the unchanged image. */
  public static List<View> range(int count, Augmentation augmentation) {
    return IntStream.range(0, count).mapToObj(n -> new View(n, augmentation)).toList();
  }

  /** Returns the views of training images for a head. */
  public static List<View> of(HeadSpec head) {
    return range(head.views(), head.augmentation());
  }

  /** Returns the views of validation images: the unchanged image and the framed views. */
  public static List<View> validation() {
    return range(1 + FRAMED, Augmentation.FRAMING);
  }

  /** Returns the views of a validation image by which something is chosen. */
  public static List<View> of(ValidationViews views) {
    return switch (views) {
      case PLAIN -> List.of(IDENTITY);
      case FRAMED -> validation().subList(1, 1 + FRAMED);
    };
  }

  @Override
  public String fingerprint() {
    if (number == 0) {
      return "identity";
    }
    return switch (augmentation) {
      case MILD ->
          "affine-v1 %s %s %s %s %s %s"
              .formatted(number, Mild.ANGLE, Mild.ZOOM, Mild.SHIFT, Mild.CONTRAST, Mild.BRIGHTNESS);
      case STRONG -> "strong-v1 " + number;
      case FRAMING -> "framing-v1 " + number;
    };
  }

  @Override
  public void render(RgbImage image, String sha256, float[] target, int offset) {
    if (number == 0) {
      image.copyTo(target, offset);
      return;
    }
    long seed =
        ByteBuffer.wrap(HexFormat.of().parseHex(sha256)).getLong() ^ (0x9E3779B97F4A7C15L * number);
    // Radiographs are grey: one channel suffices until the end.
    int channels = image.isGrey() ? 1 : 3;
    float[] pixels =
        switch (augmentation) {
          case MILD -> mild(image, channels, new SplittableRandom(seed));
          case STRONG -> strong(image, channels, new SplittableRandom(seed ^ Strong.SALT));
          case FRAMING -> framing(image, channels, new SplittableRandom(seed ^ Framing.SALT));
        };
    int o = offset;
    for (int i = 0; i < pixels.length; i += channels) {
      target[o++] = pixels[i];
      target[o++] = pixels[i + (channels == 1 ? 0 : 1)];
      target[o++] = pixels[i + (channels == 1 ? 0 : 2)];
    }
  }

  private static float[] mild(RgbImage image, int channels, SplittableRandom random) {
    Placement placement =
        Placement.zoomed(
            random.nextBoolean(),
            symmetric(random, Mild.ANGLE),
            1 + symmetric(random, Mild.ZOOM),
            symmetric(random, Mild.SHIFT) * image.width(),
            symmetric(random, Mild.SHIFT) * image.height());
    float contrast = (float) (1 + symmetric(random, Mild.CONTRAST));
    float brightness = (float) (255 * symmetric(random, Mild.BRIGHTNESS));
    float[] pixels = warp(image, channels, placement);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (pixels[i] - 127.5f) * contrast + 127.5f + brightness;
    }
    clip(pixels);
    return pixels;
  }

  private static float[] strong(RgbImage image, int channels, SplittableRandom random) {
    Placement placement =
        Placement.zoomed(
            random.nextBoolean(),
            symmetric(random, Strong.ANGLE),
            between(random, Strong.LEAST_ZOOM, Strong.MOST_ZOOM),
            symmetric(random, Strong.SHIFT) * image.width(),
            symmetric(random, Strong.SHIFT) * image.height());
    double gamma = StrictMath.exp(symmetric(random, Strong.LOG_GAMMA));
    double contrast = 1 + symmetric(random, Strong.CONTRAST);
    double brightness = 255 * symmetric(random, Strong.BRIGHTNESS);
    boolean blurred = random.nextDouble() < Strong.BLUR_PROBABILITY;
    double sigma = between(random, Strong.LEAST_BLUR, Strong.MOST_BLUR);
    boolean noisy = random.nextDouble() < Strong.NOISE_PROBABILITY;
    double deviation = between(random, Strong.LEAST_NOISE, Strong.MOST_NOISE);

    float[] pixels = blurred(image, channels, placement, blurred ? sigma : 0);
    change(pixels, curve(gamma, contrast, brightness));
    if (noisy) {
      addNoise(pixels, channels, deviation, random);
    }
    clip(pixels);
    return pixels;
  }

  /** Crops to another framing and aspect ratio, stretched to the image's size. */
  private static float[] framing(RgbImage image, int channels, SplittableRandom random) {
    boolean mirrored = random.nextBoolean();
    double angle = symmetric(random, Framing.ANGLE);
    double aspect = StrictMath.exp(symmetric(random, Framing.LOG_ASPECT));
    double crop = between(random, Framing.LEAST_CROP, 1);
    double width = crop * Math.min(1, aspect);
    double height = crop * Math.min(1, 1 / aspect);
    Placement placement =
        new Placement(
            mirrored,
            angle,
            1 / width,
            1 / height,
            symmetric(random, Framing.OFFSET) * (1 / width - 1) / 2 * image.width(),
            symmetric(random, Framing.OFFSET) * (1 / height - 1) / 2 * image.height());
    double gamma = StrictMath.exp(symmetric(random, Framing.LOG_GAMMA));
    double contrast = StrictMath.exp(symmetric(random, Framing.LOG_CONTRAST));
    double brightness = 255 * symmetric(random, Framing.BRIGHTNESS);
    boolean blurred = random.nextDouble() < Framing.BLUR_PROBABILITY;
    double sigma = between(random, Framing.LEAST_BLUR, Framing.MOST_BLUR);

    float[] pixels = blurred(image, channels, placement, blurred ? sigma : 0);
    change(pixels, curve(gamma, contrast, brightness));
    clip(pixels);
    return pixels;
  }

  /** Samples the image at the positions of the view's pixels and blurs it, unless sigma is 0. */
  private static float[] blurred(RgbImage image, int channels, Placement to, double sigma) {
    float[] pixels = warp(image, channels, to);
    return sigma == 0 ? pixels : blur(pixels, image.height(), image.width(), channels, sigma);
  }

  /** Replaces each grey value by the value of a curve. */
  private static void change(float[] pixels, float[] curve) {
    for (int i = 0; i < pixels.length; i++) {
      int grey = (int) pixels[i];
      float above = pixels[i] - grey;
      pixels[i] = curve[grey] * (1 - above) + curve[Math.min(255, grey + 1)] * above;
    }
  }

  private static void clip(float[] pixels) {
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = Math.max(0, Math.min(255, pixels[i]));
    }
  }

  /**
   * Returns the new value of each of the 256 grey levels; values in between are interpolated
   * linearly.
   */
  private static float[] curve(double gamma, double contrast, double brightness) {
    float[] curve = new float[256];
    for (int grey = 0; grey < curve.length; grey++) {
      double value = 255 * StrictMath.pow(grey / 255.0, gamma);
      curve[grey] = (float) ((value - 127.5) * contrast + 127.5 + brightness);
    }
    return curve;
  }

  private record Placement(
      boolean mirrored, double angle, double zoomX, double zoomY, double shiftX, double shiftY) {
    static Placement zoomed(
        boolean mirrored, double angle, double zoom, double shiftX, double shiftY) {
      return new Placement(mirrored, angle, zoom, zoom, shiftX, shiftY);
    }
  }

  /** Samples the image at the positions of the view's pixels, with linear interpolation. */
  private static float[] warp(RgbImage image, int channels, Placement to) {
    int height = image.height();
    int width = image.width();
    float[] pixels = new float[height * width * channels];
    // Inverse transform from the view to the image, around the centre.
    double cosX = StrictMath.cos(to.angle) / to.zoomX;
    double sinX = StrictMath.sin(to.angle) / to.zoomX;
    double cosY = StrictMath.cos(to.angle) / to.zoomY;
    double sinY = StrictMath.sin(to.angle) / to.zoomY;
    double centerX = (width - 1) / 2.0;
    double centerY = (height - 1) / 2.0;
    int o = 0;
    for (int y = 0; y < height; y++) {
      double dy = y - centerY - to.shiftY;
      for (int x = 0; x < width; x++) {
        double dx = x - centerX - to.shiftX;
        double sx = cosX * dx + sinX * dy;
        double sy = -sinY * dx + cosY * dy + centerY;
        sx = (to.mirrored ? -sx : sx) + centerX;
        sx = Math.max(0, Math.min(width - 1, sx));
        sy = Math.max(0, Math.min(height - 1, sy));
        int x0 = (int) sx;
        int y0 = (int) sy;
        int x1 = Math.min(x0 + 1, width - 1);
        int y1 = Math.min(y0 + 1, height - 1);
        float fx = (float) (sx - x0);
        float fy = (float) (sy - y0);
        for (int c = 0; c < channels; c++) {
          float top = image.at(y0, x0, c) * (1 - fx) + image.at(y0, x1, c) * fx;
          float bottom = image.at(y1, x0, c) * (1 - fx) + image.at(y1, x1, c) * fx;
          pixels[o++] = top * (1 - fy) + bottom * fy;
        }
      }
    }
    return pixels;
  }

  /** Applies a Gaussian blur along the rows, then along the columns. */
  static float[] blur(float[] pixels, int height, int width, int channels, double sigma) {
    int radius = (int) Math.ceil(3 * sigma);
    float[] kernel = new float[2 * radius + 1];
    double sum = 0;
    for (int k = -radius; k <= radius; k++) {
      sum += StrictMath.exp(-k * k / (2 * sigma * sigma));
    }
    for (int k = -radius; k <= radius; k++) {
      kernel[k + radius] = (float) (StrictMath.exp(-k * k / (2 * sigma * sigma)) / sum);
    }
    int row = width * channels;
    float[] along = new float[pixels.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < channels; c++) {
          float value = 0;
          for (int k = -radius; k <= radius; k++) {
            int at = Math.max(0, Math.min(width - 1, x + k));
            value += kernel[k + radius] * pixels[y * row + at * channels + c];
          }
          along[y * row + x * channels + c] = value;
        }
      }
    }
    float[] blurred = new float[pixels.length];
    for (int y = 0; y < height; y++) {
      for (int k = -radius; k <= radius; k++) {
        int at = Math.max(0, Math.min(height - 1, y + k)) * row;
        float weight = kernel[k + radius];
        for (int i = 0; i < row; i++) {
          blurred[y * row + i] += weight * along[at + i];
        }
      }
    }
    // The sum of the kernel may be slightly above 1.
    for (int i = 0; i < blurred.length; i++) {
      blurred[i] = Math.min(255, blurred[i]);
    }
    return blurred;
  }

  /** Adds the same Gaussian noise to all channels of a pixel (Box and Muller 1958). */
  private static void addNoise(
      float[] pixels, int channels, double deviation, SplittableRandom random) {
    float[] pair = new float[2];
    for (int i = 0; i < pixels.length / channels; i++) {
      if (i % 2 == 0) {
        double radius = deviation * StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
        double angle = 2 * Math.PI * random.nextDouble();
        pair[0] = (float) (radius * StrictMath.cos(angle));
        pair[1] = (float) (radius * StrictMath.sin(angle));
      }
      for (int c = 0; c < channels; c++) {
        pixels[i * channels + c] += pair[i % 2];
      }
    }
  }

  private static double symmetric(SplittableRandom random, double limit) {
    return (random.nextDouble() * 2 - 1) * limit;
  }

  private static double between(SplittableRandom random, double least, double most) {
    return least + random.nextDouble() * (most - least);
  }
}
