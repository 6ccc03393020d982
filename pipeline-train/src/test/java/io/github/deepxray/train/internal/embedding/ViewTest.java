package io.github.deepxray.train.internal.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.testkit.ArrayAssertions;
import io.github.deepxray.testkit.PatternImages;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class ViewTest {
  private static final int SIZE = 64;

  @Test
  void firstShowsTheImageAsItIs() {
    for (int pattern = 0; pattern < PatternImages.COUNT; pattern++) {
      float[] shown = render(0, PatternImages.image(pattern, SIZE), "x");
      ArrayAssertions.assertClose(
          "pattern " + pattern, shown, PatternImages.floats(pattern, SIZE), 0);
    }
  }

  @Test
  void writesAtTheOffsetOnly() {
    RgbImage image = PatternImages.image(6, SIZE);
    float[] target = new float[SIZE * SIZE * 3 + 7];
    Arrays.fill(target, -1);
    new View(3).render(image, hash("x"), target, 4);
    assertThat(target).startsWith(-1, -1, -1, -1).endsWith(-1, -1, -1);
    float[] alone = render(3, image, "x");
    ArrayAssertions.assertClose("view", Arrays.copyOfRange(target, 4, target.length - 3), alone, 0);
  }

  @Test
  void dependsOnTheImagesHashAndTheNumberAlone() {
    RgbImage image = PatternImages.image(5, SIZE);
    Set<List<Float>> seen = new HashSet<>();
    for (int view = 1; view < 5; view++) {
      for (String name : List.of("a", "b")) {
        float[] shown = render(view, image, name);
        ArrayAssertions.assertClose("again", render(view, image, name), shown, 0);
        seen.add(list(shown));
      }
    }
    assertThat(seen).hasSize(8);
  }

  @Test
  void staysInTheRangeOfPixels() {
    for (int pattern = 0; pattern < PatternImages.COUNT; pattern++) {
      for (int view = 1; view < 20; view++) {
        for (float value : render(view, PatternImages.image(pattern, SIZE), "x" + view)) {
          assertThat(value).isBetween(0f, 255f);
        }
      }
    }
  }

  /** Moving changes nothing where every pixel is alike: only contrast and brightness are left. */
  @Test
  void keepsAnEvenImageEven() {
    Set<Float> greys = new HashSet<>();
    for (int view = 1; view < 30; view++) {
      float[] shown = render(view, grey(100), "even");
      for (float value : shown) {
        assertThat(value).isCloseTo(shown[0], within(1e-3f));
      }
      // (100 - 127.5) * (0.85..1.15) + 127.5 +- 20.4
      assertThat(shown[0]).isBetween(75.4f, 124.6f);
      greys.add(shown[0]);
    }
    assertThat(greys).hasSizeGreaterThan(20);
  }

  /**
   * Finds turn, zoom and shift again from where three bright spots went, and compares with the
   * ranges that are promised.
   */
  @Test
  void movesByNoMoreThanItSays() {
    int size = 201;
    double c = (size - 1) / 2.0;
    double[][] spots = {{c, c}, {c + 60, c}, {c, c - 60}};
    int mirrored = 0;
    int views = 60;
    double largestTurn = 0;
    for (int view = 1; view <= views; view++) {
      double[][] went = new double[3][];
      for (int s = 0; s < 3; s++) {
        went[s] = centre(render(view, spot(size, spots[s][0], spots[s][1]), "spots"), size);
      }
      double ax = (went[1][0] - went[0][0]) / 60;
      double ay = (went[1][1] - went[0][1]) / 60;
      double bx = -(went[2][0] - went[0][0]) / 60;
      double by = -(went[2][1] - went[0][1]) / 60;
      double zoom = Math.hypot(ax, ay);
      assertThat(zoom).isBetween(0.895, 1.105);
      // The two axes stay at right angles and of one length: turn and zoom, nothing else.
      assertThat(Math.hypot(bx, by)).isCloseTo(zoom, within(5e-3));
      assertThat(ax * bx + ay * by).isCloseTo(0, within(5e-3));
      boolean mirror = ax * by - ay * bx < 0;
      mirrored += mirror ? 1 : 0;
      double turn = Math.toDegrees(mirror ? Math.atan2(-ay, -ax) : Math.atan2(ay, ax));
      assertThat(Math.abs(turn)).isLessThan(10.3);
      largestTurn = Math.max(largestTurn, Math.abs(turn));
      assertThat(Math.abs(went[0][0] - c)).isLessThan(0.06 * size + 0.5);
      assertThat(Math.abs(went[0][1] - c)).isLessThan(0.06 * size + 0.5);
    }
    assertThat(mirrored).isBetween(views / 4, views * 3 / 4);
    assertThat(largestTurn).isGreaterThan(7);
  }

  /** The same with the strong policy's ranges, in the views without noise. */
  @Test
  void strongViewsMoveByNoMoreThanTheySay() {
    int size = 201;
    double c = (size - 1) / 2.0;
    double[][] spots = {{c, c}, {c + 60, c}, {c, c - 60}};
    int seen = 0;
    double largestTurn = 0;
    double leastZoom = 1;
    double mostZoom = 1;
    for (int number = 1; number <= 80; number++) {
      View view = new View(number, Augmentation.STRONG);
      if (isNoisy(view, "spots")) {
        continue;
      }
      seen++;
      double[][] went = new double[3][];
      for (int s = 0; s < 3; s++) {
        went[s] = centre(render(view, spot(size, spots[s][0], spots[s][1]), "spots"), size);
      }
      double ax = (went[1][0] - went[0][0]) / 60;
      double ay = (went[1][1] - went[0][1]) / 60;
      double bx = -(went[2][0] - went[0][0]) / 60;
      double by = -(went[2][1] - went[0][1]) / 60;
      double zoom = Math.hypot(ax, ay);
      assertThat(zoom).isBetween(0.84, 1.26);
      leastZoom = Math.min(leastZoom, zoom);
      mostZoom = Math.max(mostZoom, zoom);
      boolean mirror = ax * by - ay * bx < 0;
      double turn = Math.toDegrees(mirror ? Math.atan2(-ay, -ax) : Math.atan2(ay, ax));
      assertThat(Math.abs(turn)).isLessThan(15.4);
      largestTurn = Math.max(largestTurn, Math.abs(turn));
      assertThat(Math.abs(went[0][0] - c)).isLessThan(0.08 * size + 0.6);
      assertThat(Math.abs(went[0][1] - c)).isLessThan(0.08 * size + 0.6);
    }
    assertThat(seen).isGreaterThan(45);
    assertThat(largestTurn).isGreaterThan(12);
    assertThat(leastZoom).isLessThan(0.9);
    assertThat(mostZoom).isGreaterThan(1.2);
  }

  @Test
  void strongViewsChangeGreyLevelsAndAddNoiseInAFifth() {
    Set<Float> greys = new HashSet<>();
    int noisy = 0;
    for (int number = 1; number <= 200; number++) {
      View view = new View(number, Augmentation.STRONG);
      float[] shown = render(view, grey(100), "even");
      double mean = 0;
      for (float value : shown) {
        assertThat(value).isBetween(0f, 255f);
        mean += value / shown.length;
      }
      double squares = 0;
      for (float value : shown) {
        squares += (value - mean) * (value - mean) / shown.length;
      }
      // 255 * (100 / 255) ^ (0.67..1.49) is 63..137; contrast and brightness as they are promised.
      assertThat(mean).isBetween(13.0, 170.0);
      greys.add(shown[0]);
      if (isNoisy(view, "even")) {
        noisy++;
        assertThat(Math.sqrt(squares)).isBetween(0.9, 8.2);
      } else {
        assertThat(Math.sqrt(squares)).isLessThan(1e-3);
      }
    }
    assertThat(greys).hasSizeGreaterThan(190);
    assertThat(noisy).isBetween(20, 60);
  }

  @Test
  void strongViewsDependOnHashNumberAndPolicyAlone() {
    RgbImage image = PatternImages.image(5, SIZE);
    Set<List<Float>> seen = new HashSet<>();
    for (int number = 1; number < 5; number++) {
      View view = new View(number, Augmentation.STRONG);
      for (String name : List.of("a", "b")) {
        float[] shown = render(view, image, name);
        ArrayAssertions.assertClose("again", render(view, image, name), shown, 0);
        seen.add(list(shown));
        seen.add(list(render(number, image, name)));
      }
    }
    assertThat(seen).hasSize(16);
    assertThat(new View(0, Augmentation.STRONG)).isEqualTo(View.IDENTITY);
  }

  /**
   * The same with the framing policy's ranges: both axes have their own zoom, which never shrinks,
   * and the centre of the view lies in the middle half of what may be cut off.
   */
  @Test
  void framedViewsCropAndStretchByNoMoreThanTheySay() {
    int size = 201;
    double c = (size - 1) / 2.0;
    double[][] spots = {{c, c}, {c + 24, c}, {c, c - 24}};
    int mirrored = 0;
    int views = 60;
    List<Double> turns = new ArrayList<>();
    List<Double> aspects = new ArrayList<>();
    List<Double> crops = new ArrayList<>();
    List<Double> offsets = new ArrayList<>();
    for (int number = 1; number <= views; number++) {
      View view = new View(number, Augmentation.FRAMING);
      double[][] went = new double[3][];
      for (int s = 0; s < 3; s++) {
        went[s] = centre(render(view, spot(size, spots[s][0], spots[s][1]), "spots"), size);
      }
      double ax = (went[1][0] - went[0][0]) / 24;
      double ay = (went[1][1] - went[0][1]) / 24;
      double bx = -(went[2][0] - went[0][0]) / 24;
      double by = -(went[2][1] - went[0][1]) / 24;
      double zoomX = Math.hypot(ax, ay);
      double zoomY = Math.hypot(bx, by);
      assertThat(ax * bx + ay * by).isCloseTo(0, within(0.02));
      assertThat(Math.min(zoomX, zoomY)).isBetween(0.99, 1 / 0.85 + 0.01);
      crops.add(1 / Math.min(zoomX, zoomY));
      aspects.add(zoomY / zoomX);
      boolean mirror = ax * by - ay * bx < 0;
      mirrored += mirror ? 1 : 0;
      turns.add(Math.toDegrees(mirror ? Math.atan2(-ay, -ax) : Math.atan2(ay, ax)));
      double roomX = (zoomX - 1) / 2 * size;
      double roomY = (zoomY - 1) / 2 * size;
      assertThat(Math.abs(went[0][0] - c)).isLessThan(0.5 * roomX + 1);
      assertThat(Math.abs(went[0][1] - c)).isLessThan(0.5 * roomY + 1);
      offsets.add(Math.abs(went[0][0] - c) / Math.max(10, roomX));
    }
    assertThat(mirrored).isBetween(views / 4, views * 3 / 4);
    assertThat(turns).allMatch(turn -> Math.abs(turn) < 8.4);
    assertThat(turns).anyMatch(turn -> turn > 6).anyMatch(turn -> turn < -6);
    assertThat(aspects).allMatch(a -> a > Math.exp(-0.4) - 0.02 && a < Math.exp(0.4) + 0.02);
    assertThat(aspects).anyMatch(a -> a < 0.75).anyMatch(a -> a > 1.33);
    assertThat(crops).anyMatch(crop -> crop < 0.88).anyMatch(crop -> crop > 0.97);
    assertThat(offsets).anyMatch(offset -> offset > 0.35);
  }

  /** Cutting, stretching, blurring and a curve of grey levels keep the order along a row. */
  @Test
  void framedViewsKeepAGradientInOrder() {
    int falling = 0;
    int likeMild = 0;
    int likeStrong = 0;
    int views = 40;
    for (int number = 1; number <= views; number++) {
      double[] columns = gradient(new View(number, Augmentation.FRAMING));
      boolean falls = falls(columns);
      falling += falls ? 1 : 0;
      likeMild += falls == falls(gradient(new View(number))) ? 1 : 0;
      likeStrong += falls == falls(gradient(new View(number, Augmentation.STRONG))) ? 1 : 0;
      for (int x = 1; x < SIZE; x++) {
        double step = columns[x] - columns[x - 1];
        assertThat(falls ? -step : step).isGreaterThan(-1e-3);
      }
      // At least 0.57 of 252 grey levels are left, and contrast takes a quarter at most.
      assertThat(Math.abs(columns[SIZE - 1] - columns[0])).isGreaterThan(80);
    }
    assertThat(falling).isBetween(views / 4, views * 3 / 4);
    // Views of the same number have nothing to do with each other.
    assertThat(likeMild).isBetween(views / 4, views * 3 / 4);
    assertThat(likeStrong).isBetween(views / 4, views * 3 / 4);
  }

  /** Mean of each column of a view of an image that gets brighter from left to right. */
  private static double[] gradient(View view) {
    byte[] pixels = new byte[SIZE * SIZE * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i / 3 % SIZE * 4);
    }
    float[] shown = render(view, RgbImage.of(SIZE, SIZE, pixels), "gradient");
    double[] columns = new double[SIZE];
    for (int i = 0; i < shown.length; i += 3) {
      columns[i / 3 % SIZE] += shown[i] / SIZE;
    }
    return columns;
  }

  private static boolean falls(double[] columns) {
    return columns[columns.length - 1] < columns[0];
  }

  @Test
  void framedViewsStayInTheRangeOfPixels() {
    for (int pattern = 0; pattern < PatternImages.COUNT; pattern++) {
      for (int number = 1; number < 20; number++) {
        View view = new View(number, Augmentation.FRAMING);
        float least = 255;
        float most = 0;
        for (float value : render(view, PatternImages.image(pattern, SIZE), "x" + number)) {
          least = Math.min(least, value);
          most = Math.max(most, value);
        }
        assertThat(least).isNotNegative();
        assertThat(most).isLessThanOrEqualTo(255);
      }
    }
  }

  @Test
  void framedViewsChangeGreyLevelsWithoutNoise() {
    Set<Float> greys = new HashSet<>();
    float least = 1;
    for (int number = 1; number <= 100; number++) {
      View view = new View(number, Augmentation.FRAMING);
      float[] shown = render(view, grey(100), "even");
      for (float value : shown) {
        assertThat(value).isCloseTo(shown[0], within(1e-3f));
      }
      // 255 * (100 / 255) ^ (0.67..1.49) is 63..136; contrast 0.74..1.35, brightness +- 25.5.
      assertThat(shown[0]).isBetween(15f, 165f);
      greys.add(shown[0]);
      float contrast =
          (render(view, grey(255), "even")[0] - render(view, grey(0), "even")[0]) / 255;
      assertThat(contrast).isBetween(0.74f, 1f);
      least = Math.min(least, contrast);
    }
    assertThat(least).isLessThan(0.8f);
    assertThat(greys).hasSizeGreaterThan(95).anyMatch(g -> g < 60).anyMatch(g -> g > 140);
  }

  @Test
  void framedViewsDependOnHashNumberAndPolicyAlone() {
    RgbImage image = PatternImages.image(5, SIZE);
    Set<List<Float>> seen = new HashSet<>();
    for (int number = 1; number < 5; number++) {
      for (Augmentation augmentation : Augmentation.values()) {
        View view = new View(number, augmentation);
        for (String name : List.of("a", "b")) {
          float[] shown = render(view, image, name);
          ArrayAssertions.assertClose("again", render(view, image, name), shown, 0);
          seen.add(list(shown));
        }
      }
    }
    assertThat(seen).hasSize(4 * 3 * 2);
    assertThat(View.range(4, Augmentation.FRAMING).stream().map(View::fingerprint))
        .doesNotHaveDuplicates();
    assertThat(new View(1, Augmentation.FRAMING).fingerprint())
        .isNotEqualTo(new View(1).fingerprint())
        .isNotEqualTo(new View(1, Augmentation.STRONG).fingerprint());
  }

  @Test
  void namesTheViewsOfASplit() throws IOException {
    View second = new View(1, Augmentation.STRONG);
    HeadSpec head = HeadSpec.of("logistic").withViews(2).withAugmentation(Augmentation.STRONG);
    assertThat(View.of(head)).containsExactly(View.IDENTITY, second);
    assertThat(View.of(ValidationViews.PLAIN)).containsExactly(View.IDENTITY);
    List<View> framed = View.of(ValidationViews.FRAMED);
    assertThat(framed)
        .hasSize(3)
        .doesNotHaveDuplicates()
        .allMatch(view -> view.number() > 0 && view.augmentation() == Augmentation.FRAMING);
    assertThat(View.validation()).first().isEqualTo(View.IDENTITY);
    assertThat(View.validation().subList(1, 4)).isEqualTo(framed);
  }

  /** Caches hold what views showed before: neither pixels nor keys of mild views may change. */
  @Test
  void mildViewsStayAsTheyWere() {
    CRC32 crc = new CRC32();
    for (int number = 0; number < 4; number++) {
      for (int pattern : new int[] {4, 6}) {
        float[] shown = render(number, PatternImages.image(pattern, SIZE), "x");
        ByteBuffer bytes =
            ByteBuffer.allocate(shown.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(shown);
        crc.update(bytes);
        crc.update(new View(number).fingerprint().getBytes(StandardCharsets.US_ASCII));
      }
    }
    assertThat(crc.getValue()).isEqualTo(0x940c0e59L);
  }

  /** Whether a view makes an even image uneven. */
  private static boolean isNoisy(View view, String name) {
    float[] shown = render(view, grey(100), name);
    return Math.abs(shown[0] - shown[3]) > 1e-3 || Math.abs(shown[0] - shown[30]) > 1e-3;
  }

  @Test
  void keepsGreyImagesGrey() {
    RgbImage image = PatternImages.image(4, SIZE);
    assertThat(image.isGrey()).isTrue();
    float[] shown = render(2, image, "grey");
    for (int i = 0; i < shown.length; i += 3) {
      assertThat(shown[i + 1]).isEqualTo(shown[i]);
      assertThat(shown[i + 2]).isEqualTo(shown[i]);
    }
  }

  @Test
  void worksOnASinglePixel() {
    float[] target = new float[3];
    new View(1).render(RgbImage.of(1, 1, new byte[] {50, 60, 70}), hash("1"), target, 0);
    assertThat(target[2] - target[0]).isBetween(20 * 0.84f, 20 * 1.16f);
  }

  @Test
  void hasNoNegativeNumber() {
    assertThatThrownBy(() -> new View(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  private static float[] render(int view, RgbImage image, String name) {
    return render(new View(view), image, name);
  }

  private static float[] render(View view, RgbImage image, String name) {
    float[] target = new float[image.height() * image.width() * 3];
    view.render(image, hash(name), target, 0);
    return target;
  }

  private static String hash(String name) {
    return Hashes.sha256(name);
  }

  private static RgbImage grey(int value) {
    byte[] pixels = new byte[SIZE * SIZE * 3];
    Arrays.fill(pixels, (byte) value);
    return RgbImage.of(SIZE, SIZE, pixels);
  }

  /** A soft bright spot on black. */
  private static RgbImage spot(int size, double cx, double cy) {
    byte[] pixels = new byte[size * size * 3];
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        double far = (x - cx) * (x - cx) + (y - cy) * (y - cy);
        byte value = (byte) Math.round(200 * Math.exp(-far / 18));
        for (int ch = 0; ch < 3; ch++) {
          pixels[(y * size + x) * 3 + ch] = value;
        }
      }
    }
    return RgbImage.of(size, size, pixels);
  }

  /** The centre of what is brighter than the background, x and y. */
  private static double[] centre(float[] image, int size) {
    float background = image[0];
    double sum = 0;
    double sx = 0;
    double sy = 0;
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        double value = Math.max(0, image[(y * size + x) * 3] - background - 1);
        sum += value;
        sx += value * x;
        sy += value * y;
      }
    }
    return new double[] {sx / sum, sy / sum};
  }

  private static List<Float> list(float[] values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return list;
  }
}
