package io.github.deepxray.pipeline;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.ClassNames;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Split of the labelled images of a site into a part for the fit and a held-out part, by patient.
 * Each part has its share of the patients of each class. It depends on the names of the patients
 * and the seed only.
 *
 * @param fitted the places of the images of the fit
 * @param held the places of the others
 */
record SiteParts(List<Integer> fitted, List<Integer> held) {
  /**
   * Fewest patients of a class in a part. With 20 patients, a sensitivity of 93 % has Wilson's
   * interval from 74 % to 98 %; with fewer, its width exceeds a quarter.
   */
  static final int FEWEST = 20;

  /** Splits images. */
  static SiteParts of(SplitScores scores, double share, long seed) {
    Map<String, Integer> labels = new HashMap<>();
    // A patient with an image of the second class counts as of that class.
    scores.examples().forEach(e -> labels.merge(e.patient(), e.label(), Math::max));
    Map<Integer, TreeMap<String, String>> byClass = new TreeMap<>();
    labels.forEach(
        (patient, label) ->
            byClass
                .computeIfAbsent(label, l -> new TreeMap<>())
                .put(Hashes.sha256(seed + "\n" + patient), patient));
    Set<String> chosen = new HashSet<>();
    for (TreeMap<String, String> patients : byClass.values()) {
      patients.values().stream().limit(Math.round(share * patients.size())).forEach(chosen::add);
    }
    List<Integer> fitted = new ArrayList<>();
    List<Integer> held = new ArrayList<>();
    for (int i = 0; i < scores.examples().size(); i++) {
      ScoredExample example = scores.examples().get(i);
      (chosen.contains(example.patient()) ? fitted : held).add(i);
    }
    return new SiteParts(fitted, held);
  }

  /**
   * Refuses too few patients.
   *
   * @param scores the scores of all images
   * @param sensitivity the sensitivity to reach with the threshold, below 1
   * @throws DeepXrayException if a part has too few patients of a class
   */
  void requireEnough(
      Path source, SplitScores scores, ClassNames classes, double share, double sensitivity) {
    List<Long> there = ExternalImages.patients(scores);
    List<Long> inFit = patients(scores, fitted);
    List<Long> others = patients(scores, held);
    // With fewer positives than this, the threshold would be the lowest score of any.
    long positives = Math.max(FEWEST, (long) Math.ceil(1 / (1 - sensitivity) - 1e-9));
    if (inFit.get(1) < positives
        || inFit.get(0) < FEWEST
        || others.stream().anyMatch(count -> count < FEWEST)) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "%s has %d patients of %s and %d of %s, too few to choose a threshold with"
                  + " sensitivity %s on a share of %s and measure it on the others; it takes at"
                  + " least %d and %d. Label more patients, or use --images without labels.",
              source,
              there.get(1),
              classes.list().get(1),
              there.get(0),
              classes.list().get(0),
              sensitivity,
              share,
              needed(positives, share),
              needed(FEWEST, share)));
    }
  }

  private static List<Long> patients(SplitScores scores, List<Integer> places) {
    // Parts without images of a class still have both classes.
    return places.isEmpty() ? List.of(0L, 0L) : ExternalImages.patients(scores.of(places));
  }

  /** Patients of a class with enough of them in both parts. */
  private static long needed(long inFit, double share) {
    return (long)
        Math.ceil(Math.max((inFit - 0.5) / share, (FEWEST - 0.5) / (1 - share)) + 0.5 - 1e-9);
  }
}
