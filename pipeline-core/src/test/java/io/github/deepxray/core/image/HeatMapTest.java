package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class HeatMapTest {
  private static HeatMap random(int height, int width) {
    SplittableRandom random = new SplittableRandom(height * 31L + width);
    float[] values = new float[height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    return HeatMap.of(height, width, values);
  }

  @Test
  void interpolatesBetweenTheMiddlesOfCells() {
    // tf.image.resize([[0, 1], [4, 3]], (4, 4)) of TensorFlow 2.18.
    HeatMap resized = HeatMap.of(2, 2, new float[] {0, 1, 4, 3}).resized(4, 4);
    assertThat(resized.values())
        .containsExactly(
            new float[] {
              0, 0.25f, 0.75f, 1, //
              1, 1.125f, 1.375f, 1.5f, //
              3, 2.875f, 2.625f, 2.5f, //
              4, 3.75f, 3.25f, 3
            },
            within(1e-6f));
    // tf.image.resize([[0, 3, 1]], (1, 7))
    assertThat(HeatMap.of(1, 3, new float[] {0, 3, 1}).resized(1, 7).values())
        .containsExactly(
            new float[] {0, 0.428571f, 1.714286f, 3, 2.142857f, 1.285714f, 1}, within(1e-5f));
  }

  @Test
  void aRampStaysARampInEveryAspect() {
    float[] values = new float[7 * 7];
    for (int i = 0; i < values.length; i++) {
      values[i] = 3 * (i / 7) + i % 7;
    }
    HeatMap resized = HeatMap.of(7, 7, values).resized(700, 210);
    for (int y = 50; y < 650; y++) {
      for (int x = 15; x < 195; x++) {
        // The place in cells, from the middle of the first.
        double expected = 3 * ((y + 0.5) / 100 - 0.5) + (x + 0.5) / 30 - 0.5;
        assertThat(resized.at(y, x)).isCloseTo((float) expected, within(1e-4f));
      }
    }
    // Constant beyond the middles of the outermost cells.
    assertThat(resized.at(0, 0)).isZero();
    assertThat(resized.at(49, 14)).isZero();
    assertThat(resized.at(699, 209)).isEqualTo(24);
    assertThat(resized.max()).isEqualTo(24);
  }

  @Test
  void mirroredMapsGiveMirroredPictures() {
    HeatMap map = random(5, 7);
    float[] mirrored = new float[35];
    for (int i = 0; i < 35; i++) {
      mirrored[i] = map.at(4 - i / 7, 6 - i % 7);
    }
    HeatMap a = map.resized(31, 18);
    HeatMap b = HeatMap.of(5, 7, mirrored).resized(31, 18);
    for (int y = 0; y < 31; y++) {
      for (int x = 0; x < 18; x++) {
        assertThat(b.at(30 - y, 17 - x)).isCloseTo(a.at(y, x), within(1e-5f));
      }
    }
  }

  @Test
  void theSameSizeIsTheSameMap() {
    assertThat(random(5, 7).resized(5, 7)).isEqualTo(random(5, 7));
    assertThat(HeatMap.of(1, 1, new float[] {3}).resized(2, 3).values())
        .containsExactly(3, 3, 3, 3, 3, 3);
  }

  @Test
  void isDividedByItsLargestValue() {
    HeatMap map = HeatMap.of(1, 3, new float[] {0, 1, 4});
    assertThat(map.max()).isEqualTo(4);
    assertThat(map.normalized().values()).containsExactly(0, 0.25f, 1);
    HeatMap nothing = HeatMap.of(2, 1, new float[2]);
    assertThat(nothing.normalized()).isEqualTo(nothing);
    // As small as floats get.
    assertThat(HeatMap.of(1, 1, new float[] {Float.MIN_VALUE}).normalized().max()).isEqualTo(1);
  }

  @Test
  void theFrameIsTheOuterTenthOfEachSide() {
    // A constant map: the share of the area, 1 - 0.8 * 0.8.
    assertThat(HeatMap.of(1, 1, new float[] {2}).frameShare()).isCloseTo(0.36, within(1e-9));
    assertThat(HeatMap.of(2, 3, new float[6]).frameShare()).isZero();
    float[] centre = new float[100];
    centre[4 * 10 + 5] = 1;
    assertThat(HeatMap.of(10, 10, centre).frameShare()).isZero();
    float[] corner = new float[100];
    corner[0] = 1;
    // Interpolation moves an eighth of the cell's heat to the next row, and to the next column.
    assertThat(HeatMap.of(10, 10, corner).frameShare()).isCloseTo(1 - 0.125 * 0.125, within(1e-6));
  }

  @Test
  void keepsItsValuesToItself() {
    float[] values = {1, 2};
    HeatMap map = HeatMap.of(1, 2, values);
    values[0] = 9;
    map.values()[1] = 9;
    assertThat(map).isEqualTo(HeatMap.of(1, 2, new float[] {1, 2}));
    assertThat(map).hasSameHashCodeAs(HeatMap.of(1, 2, new float[] {1, 2}));
    assertThat(map).isNotEqualTo(HeatMap.of(2, 1, new float[] {1, 2}));
  }

  @Test
  void refusesWhatIsNoMap() {
    for (float value : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> HeatMap.of(1, 1, new float[] {value}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("" + value);
    }
    assertThatThrownBy(() -> HeatMap.of(2, 2, new float[3]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> HeatMap.of(0, 2, new float[0]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> random(2, 2).resized(0, 5))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
