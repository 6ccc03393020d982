package io.github.deepxray.datasets.phantom;

import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.Slice;
import java.util.ArrayList;
import java.util.List;

/**
 * Draws a phantom: a synthetic frontal chest X-ray from the density along rays through body, lungs,
 * ribs, spine, heart and, for pneumonia, opacities. A drawing, not medical data.
 *
 * <p>Bacterial opacities are one or two dense patches in a lobe; viral ones a haze with a net of
 * lines around both roots of the lungs. Weak opacities look like the structures of a normal
 * phantom, so that the classes overlap.
 */
public final class Phantom {
  private static final double APEX = -0.74;
  private static final double SPINE = 0.07;

  private final SplitMix64 image;
  private final ValueNoise vessels;
  private final ValueNoise grain;

  // Build of the patient, in units of half the image size.
  private final double chest;
  private final double base;
  private final double dome;
  private final double heart;
  private final double heartTilt;
  private final double ribGap;
  private final double ribCurve;
  private final double ribPhase;

  // Acquisition parameters of the image.
  private final double turn;
  private final double zoom;
  private final double shiftX;
  private final double shiftY;
  private final double gamma;
  private final double contrast;
  private final double light;
  private final double grainy;

  private final double breast;
  private final Lungs lungs;

  /** Dense region with an irregular edge. */
  private record Patch(double x, double y, double width, double height, double density) {}

  /** Findings in the lungs. */
  private record Lungs(double vesselDensity, double haze, double net, List<Patch> patches) {
    static Lungs of(Slice slice, SplitMix64 build, SplitMix64 image, double burden) {
      return switch (slice) {
        case NORMAL ->
            new Lungs(
                image.between(0.10, 0.16),
                image.happens(0.3) ? image.between(0.01, 0.07) : 0,
                image.happens(0.2) ? image.between(0.02, 0.05) : 0,
                List.of());
        case VIRAL ->
            new Lungs(
                image.between(0.12, 0.18), 0.03 + 0.13 * burden, 0.14 + 0.22 * burden, List.of());
        case BACTERIAL, UNSPECIFIED ->
            new Lungs(
                image.between(0.10, 0.16),
                image.between(0, 0.04),
                image.between(0, 0.04),
                patches(build, burden));
        default -> throw new IllegalArgumentException("there is no phantom of " + slice);
      };
    }

    private static List<Patch> patches(SplitMix64 build, double burden) {
      int count = build.happens(0.5) ? 2 : 1;
      double side = build.happens(0.5) ? 1 : -1;
      List<Patch> patches = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        patches.add(
            new Patch(
                (i == 0 ? side : -side) * build.between(0.32, 0.52),
                build.between(-0.42, 0.34),
                build.between(0.24, 0.38),
                build.between(0.22, 0.36),
                (0.32 + 0.32 * burden) * (i == 0 ? 1 : 0.7)));
      }
      return patches;
    }
  }

  private Phantom(Slice slice, long seed, long patient, long number) {
    SplitMix64 build = new SplitMix64(seed, patient);
    chest = build.between(0.68, 0.80);
    base = build.between(0.42, 0.58);
    dome = build.between(0.12, 0.22);
    heart = build.between(0.27, 0.35);
    heartTilt = build.between(0.2, 0.5);
    ribGap = build.between(0.135, 0.165);
    ribCurve = build.between(0.45, 0.85);
    ribPhase = build.uniform();
    vessels = new ValueNoise(build.next());
    final double burden = build.between(0.3, 1);

    image = new SplitMix64(seed, patient, number + 1);
    grain = new ValueNoise(image.next());
    turn = image.between(-0.07, 0.07);
    zoom = image.between(0.93, 1.07);
    shiftX = image.between(-0.05, 0.05);
    shiftY = image.between(-0.05, 0.05);
    gamma = image.between(0.9, 1.15);
    contrast = image.between(0.9, 1.05);
    light = image.between(-0.02, 0.04);
    grainy = image.between(2.5, 4);
    breast = image.happens(0.3) ? image.between(0.02, 0.09) : 0;

    lungs = Lungs.of(slice, build, image, burden);
  }

  /**
   * Draws a phantom.
   *
   * @param slice the content
   * @param seed the seed of the series
   * @param patient the number of the patient, which determines the build
   * @param number the number of the image of the patient
   * @param size height and width in pixels
   * @return a grey image {@code [size, size, 3]}
   */
  public static RgbImage draw(Slice slice, long seed, long patient, long number, int size) {
    return new Phantom(slice, seed, patient, number).paint(size);
  }

  private RgbImage paint(int size) {
    byte[] pixels = new byte[size * size * 3];
    double cos = 1 - turn * turn / 2;
    for (int row = 0; row < size; row++) {
      double v = (2 * (row + 0.5) / size - 1) * zoom + shiftY;
      for (int column = 0; column < size; column++) {
        double u = (2 * (column + 0.5) / size - 1) * zoom + shiftX;
        double density = density(cos * u - turn * v, turn * u + cos * v);
        double tone = Math.max(0, light + contrast * density);
        // Film saturates with density.
        tone = 1.62 * tone / (tone + 0.8 * gamma);
        byte grey =
            (byte) Math.max(0, Math.min(255, Math.round(255 * tone + grainy * image.normal())));
        int i = (row * size + column) * 3;
        pixels[i] = grey;
        pixels[i + 1] = grey;
        pixels[i + 2] = grey;
      }
    }
    return RgbImage.of(size, size, pixels);
  }

  /**
   * Density along the ray of a point; the image spans -1..1 in both directions, the heart lies at x
   * > 0.
   */
  private double density(double x, double y) {
    double side = Math.abs(x);
    double shoulder = 0.36 + 0.62 * step(-1.02, -0.56, y);
    double body = step(shoulder + 0.03, shoulder - 0.05, side);
    if (body == 0) {
      return 0.02;
    }
    double outer = outer(y);
    double floor = base - dome * Math.max(0, 1 - sq((side - 0.34) / 0.36)) + (x > 0 ? 0.03 : -0.03);
    double lung =
        step(outer + 0.012, outer - 0.03, side)
            * step(0.10, 0.15, side)
            * step(floor + 0.02, floor - 0.02, y)
            * step(APEX, APEX + 0.05, y);
    double soft = 0.50 + 0.10 * step(0.3, 0.9, y) - 0.12 * step(0.7, 1, side);
    double total = soft - 0.34 * lung;
    total += 0.10 * step(floor - 0.02, floor + 0.1, y) * step(outer + 0.1, outer - 0.1, side);
    double muscle = heart(x, y);
    total += 0.26 * muscle + middle(x, y, side) + bones(side, y, outer);
    if (lung > 0) {
      total += lung * (1 - 0.7 * muscle) * lungs(x, y, side);
    }
    // Gas bubble of the stomach.
    total -= 0.16 * step(1, 0.6, sq((x - 0.36) / 0.16) + sq((y - floor - 0.16) / 0.09));
    return 0.02 + body * (total - 0.02);
  }

  /** Outer edge of the lungs at a height. */
  private double outer(double y) {
    double down = Math.min(1, Math.max(0, (y - APEX) / 1.25));
    return 0.16 + (chest - 0.16) * Math.sqrt(1 - sq(1 - down)) * (1.04 - 0.04 * down);
  }

  /** Spine, mediastinum with the trachea, and the aortic knob. */
  private double middle(double x, double y, double side) {
    if (side > 0.26) {
      return 0;
    }
    double total = 0;
    double vertebra = wave(y / 0.125 + ribPhase);
    total += step(SPINE + 0.02, SPINE - 0.015, side) * (0.10 + 0.06 * step(0.1, 0.3, vertebra));
    double width = 0.13 + 0.05 * step(-0.35, -0.1, y) - 0.02 * step(-0.9, -0.5, y);
    total += 0.14 * step(width + 0.06, width - 0.04, side);
    total -= 0.12 * step(0.045, 0.02, Math.abs(x + 0.01)) * step(-0.2, -0.3, y);
    total += 0.08 * step(1.3, 0.5, sq((x - 0.12) / 0.12) + sq((y + 0.3) / 0.12));
    return total;
  }

  /** 1 inside the heart, 0 outside. */
  private double heart(double x, double y) {
    double dx = x - 0.14;
    double dy = y - (base - 0.25);
    if (dx > 0.7 || dx < -0.7) {
      return 0;
    }
    double along = (dx - heartTilt * dy) / heart;
    double across = (dy + heartTilt * dx * 0.3) / 0.36;
    return step(1.2, 0.75, sq(along) + sq(across)) * step(base + 0.16, base - 0.02, y);
  }

  /** Posterior and anterior ribs, and clavicles. */
  private double bones(double side, double y, double outer) {
    double line = Math.abs(y + 0.60 + 0.22 * side);
    double collar =
        line > 0.042
            ? 0
            : 0.13 * step(0.042, 0.022, line) * step(0.05, 0.08, side) * step(0.84, 0.76, side);
    double inside = step(outer + 0.07, outer + 0.02, side) * step(0.05, 0.09, side);
    if (inside == 0) {
      return collar;
    }
    double behind = y - ribCurve * sq(side - 0.22) * 1.1;
    double reach = step(APEX - 0.04, APEX + 0.02, y) * step(base + 0.32, base + 0.1, y);
    double back = band(behind / ribGap + ribPhase, 0.20);
    double front = band((y - 0.95 * side) / (ribGap * 1.25) + ribPhase, 0.17);
    return collar + inside * reach * (0.105 * back + 0.045 * front * step(0.28, 0.45, side));
  }

  /** Vessels that branch from the roots of the lungs, and opacities. */
  private double lungs(double x, double y, double side) {
    double root = sq((side - 0.2) / 0.42) + sq((y + 0.02) / 0.5);
    double near = 1 / (1 + 2.2 * root);
    double total = lungs.vesselDensity * near * near * ridge(vessels, 8 * x, 8 * y);
    total += lungs.vesselDensity * 0.5 * near * near;
    total += lungs.haze * (0.5 + 0.5 * near) * (0.6 + 0.8 * vessels.at(2.3 * x + 40, 2.3 * y));
    if (lungs.net > 0) {
      total += lungs.net * (0.35 + 0.65 * near) * ridge(grain, 15 * x, 15 * y);
    }
    if (breast > 0) {
      total += breast * step(1.2, 0.7, sq((side - 0.42) / 0.34) + sq((y - 0.33) / 0.3));
    }
    for (Patch patch : lungs.patches) {
      double far = sq((x - patch.x()) / patch.width()) + sq((y - patch.y()) / patch.height());
      if (far < 4) {
        double ragged = far + 1.1 * (vessels.rough(6 * x + 9, 6 * y) - 0.5);
        // Consolidations look mottled.
        double mottled = 0.5 + 0.4 * grain.at(8 * x, 8 * y) + 0.6 * ridge(grain, 17 * x, 17 * y);
        total += patch.density() * step(1.25, 0.35, ragged) * mottled;
      }
    }
    return total;
  }

  /** Bright thin lines where a noise field crosses its mean. */
  private static double ridge(ValueNoise noise, double x, double y) {
    return step(0.16, 0, Math.abs(noise.rough(x, y) - 0.5));
  }

  /** Periodic stripe, brighter at its edges. */
  private static double band(double t, double half) {
    double off = Math.abs(t - Math.floor(t) - 0.5);
    return step(half + 0.06, half - 0.02, off) * (0.75 + 0.25 * step(half - 0.14, half, off));
  }

  /** Triangle wave of period 1, 0..0.5. */
  private static double wave(double t) {
    return Math.abs(t - Math.floor(t) - 0.5);
  }

  /** Smooth step: 0 at {@code from}, 1 at {@code to}. */
  private static double step(double from, double to, double value) {
    double t = Math.max(0, Math.min(1, (value - from) / (to - from)));
    return t * t * (3 - 2 * t);
  }

  private static double sq(double value) {
    return value * value;
  }
}
