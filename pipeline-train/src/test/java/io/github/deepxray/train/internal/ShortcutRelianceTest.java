package io.github.deepxray.train.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.internal.shortcuts.ShortcutScores;
import io.github.deepxray.train.ModelMetrics.Reliance;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ShortcutRelianceTest {
  private static final Offset<Double> EXACT = within(1e-12);

  private final List<ScoredExample> examples = new ArrayList<>();
  private final Map<String, Double> shortcut = new LinkedHashMap<>();

  /** Adds an image with the probabilities that classifier and shortcut give to its class. */
  private void add(int label, double classifier, double byShortcut) {
    String id = "i" + examples.size();
    examples.add(new ScoredExample(id, "p" + id, label, label == 1 ? classifier : 1 - classifier));
    shortcut.put(id, byShortcut);
  }

  private Reliance reliance(double threshold) {
    List<Reliance> found =
        new ShortcutReliance(new SplitScores(examples), new Decision.Threshold(threshold))
            .of(new ShortcutScores(Map.of("shortcut", shortcut)));
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  @Test
  void correlatesRanks() {
    // Ranks 1, 2.5, 2.5, 4, 5 and 2, 1, 4.5, 4.5, 3: 3.75 of 9.5, as scipy.stats.spearmanr says.
    assertThat(spearman(List.of(1, 2, 2, 3, 5), List.of(2, 1, 4, 4, 3)))
        .isCloseTo(0.3947368421052632, EXACT);
    // Both of scipy.stats.spearmanr, the second 1 / sqrt(3).
    assertThat(spearman(List.of(5, 1, 9, 1, 7, 5, 5), List.of(3, 1, 1, 2, 9, 4, 3)))
        .isCloseTo(0.2763032760629309, EXACT);
    assertThat(spearman(List.of(1, 1, 2, 2), List.of(5, 5, 5, 8)))
        .isCloseTo(Math.sqrt(1 / 3.0), EXACT);
    // Ranks know order, not distance.
    assertThat(spearman(List.of(1, 2, 3, 4), List.of(1, 2, 3, 1000))).isCloseTo(1, EXACT);
    assertThat(spearman(List.of(4, 2, 3, 1), List.of(1, 8, 2, 9))).isCloseTo(-1, EXACT);
  }

  @Test
  void aConstantCorrelatesWithNothing() {
    assertThat(spearman(List.of(1, 2, 3), List.of(7, 7, 7))).isZero();
    assertThat(spearman(List.of(7, 7, 7), List.of(1, 2, 3))).isZero();
    assertThat(spearman(List.of(1), List.of(2))).isZero();
    assertThat(spearman(List.of(), List.of())).isZero();
  }

  private static double spearman(List<Integer> left, List<Integer> right) {
    return ShortcutReliance.spearman(
        left.stream().mapToDouble(i -> i / 10.0).toArray(),
        right.stream().mapToDouble(i -> i / 10.0).toArray());
  }

  @Test
  void aClassifierThatFollowsTheShortcutFailsWhereItMisleads() {
    for (int label = 0; label < 2; label++) {
      for (int i = 7; i >= 0; i--) {
        double probability = (2 * i + 1) / 16.0;
        add(label, probability, probability * probability);
      }
    }
    Reliance found = reliance(0.3);
    assertThat(found.shortcut()).isEqualTo("shortcut");
    assertThat(found.correlation()).isCloseTo(1, EXACT);
    // Of the second class it finds those from 0.3 on, all but two; of the first, those above 0.7,
    // the last two. A quarter has two of each class.
    assertThat(found.accuracy()).containsExactly(0.0, 0.5, 0.5, 1.0);
  }

  /** Each level of the shortcut has images of all scores. */
  @Test
  void anIndependentClassifierIsAsGoodEverywhere() {
    for (int label = 0; label < 2; label++) {
      for (int i = 0; i < 64; i++) {
        add(label, (2 * (i % 8) + 1) / 16.0, (i / 8 + 1) / 10.0);
      }
    }
    Reliance found = reliance(0.3);
    assertThat(found.correlation()).isCloseTo(0, EXACT);
    // Six of eight positives, two of eight negatives.
    assertThat(found.accuracy()).containsExactly(0.5, 0.5, 0.5, 0.5);
  }

  /** Only within a class: between classes every good classifier agrees with a good shortcut. */
  @Test
  void agreementBetweenClassesIsNoDependence() {
    for (int i = 0; i < 64; i++) {
      add(0, 0.6 + i % 8 / 100.0, 0.1 + Math.floorDiv(i, 8) / 100.0);
      add(1, 0.8 + i % 8 / 100.0, 0.8 + Math.floorDiv(i, 8) / 100.0);
    }
    Reliance found = reliance(0.5);
    assertThat(found.correlation()).isCloseTo(0, EXACT);
    assertThat(found.accuracy()).containsExactly(1.0, 1.0, 1.0, 1.0);
  }

  @Test
  void classesCountByTheirImages() {
    for (int i = 0; i < 8; i++) {
      add(0, 0.1 + i / 10.0, 0.1 + i / 10.0);
    }
    for (int i = 0; i < 4; i++) {
      add(1, 0.1 + i / 10.0, 0.9 - i / 10.0);
    }
    // 8 images of correlation 1, 4 of -1.
    assertThat(reliance(0.5).correlation()).isCloseTo(1 / 3.0, EXACT);
  }

  @Test
  void knowsMoreThanTwoClasses() {
    for (int i = 0; i < 12; i++) {
      double own = 0.2 + Math.floorDiv(i, 3) / 10.0 * 2;
      double rest = (1 - own) / 2;
      List<Double> scores = new ArrayList<>(List.of(rest, rest, rest));
      scores.set(i % 3, own);
      examples.add(new ScoredExample("i" + i, "p" + i, i % 3, scores));
      shortcut.put("i" + i, own);
    }
    Reliance found =
        new ShortcutReliance(new SplitScores(examples), Decision.MOST_PROBABLE)
            .of(new ShortcutScores(Map.of("shortcut", shortcut)))
            .get(0);
    assertThat(found.correlation()).isCloseTo(1, EXACT);
    // 0.2 is not the most probable of three; 0.4, 0.6 and 0.8 are.
    assertThat(found.accuracy()).containsExactly(0.0, 1.0, 1.0, 1.0);
  }

  @Test
  void keepsTheOrderOfShortcutsAndLeavesOutImagesWithoutOne() {
    for (int i = 0; i < 8; i++) {
      add(1, (2 * i + 1) / 16.0, i / 8.0);
    }
    Map<String, Double> reversed = new LinkedHashMap<>();
    shortcut.forEach((id, probability) -> reversed.put(id, 1 - probability));
    // Of no validation image.
    reversed.put("other", 0.5);
    Map<String, Double> few = new LinkedHashMap<>(shortcut);
    for (int i = 0; i < 4; i++) {
      few.remove("i" + i);
    }
    Map<String, Map<String, Double>> all = new LinkedHashMap<>();
    all.put("z", reversed);
    all.put("a", shortcut);
    all.put("few", few);
    List<Reliance> found =
        new ShortcutReliance(new SplitScores(examples), new Decision.Threshold(0.5))
            .of(new ShortcutScores(all));
    assertThat(found.stream().map(Reliance::shortcut)).containsExactly("z", "a", "few");
    assertThat(found.get(0).correlation()).isCloseTo(-1, EXACT);
    assertThat(found.get(0).accuracy()).containsExactly(1.0, 1.0, 0.0, 0.0);
    assertThat(found.get(1).correlation()).isCloseTo(1, EXACT);
    assertThat(found.get(1).accuracy()).containsExactly(0.0, 0.0, 1.0, 1.0);
    // The images that are left are all found.
    assertThat(found.get(2).correlation()).isCloseTo(1, EXACT);
    assertThat(found.get(2).accuracy()).containsExactly(1.0, 1.0, 1.0, 1.0);
  }

  @Test
  void threeImagesHaveNoQuarters() {
    for (int i = 0; i < 3; i++) {
      add(1, i / 3.0, i / 3.0);
    }
    ShortcutReliance reliance =
        new ShortcutReliance(new SplitScores(examples), new Decision.Threshold(0.5));
    assertThat(reliance.of(new ShortcutScores(Map.of("shortcut", shortcut)))).isEmpty();
  }

  /** Nothing can depend on what is the same everywhere. */
  @Test
  void leavesOutShortcutsThatDoNotDiffer() {
    for (int i = 0; i < 8; i++) {
      add(i % 2, (2 * i + 1) / 16.0, i % 2 == 0 ? 0.4 : 0.6);
    }
    Map<String, Map<String, Double>> all = new LinkedHashMap<>();
    all.put("a value for each class", shortcut);
    all.put("no image", Map.of());
    ShortcutReliance reliance =
        new ShortcutReliance(new SplitScores(examples), new Decision.Threshold(0.5));
    assertThat(reliance.of(new ShortcutScores(all))).isEmpty();
    assertThat(reliance.of(new ShortcutScores(Map.of()))).isEmpty();
  }
}
