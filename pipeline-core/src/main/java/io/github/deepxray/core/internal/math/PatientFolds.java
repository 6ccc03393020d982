package io.github.deepxray.core.internal.math;

import io.github.deepxray.core.internal.io.Hashes;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Parts of a cross-validation; all examples of a patient are in the same part. */
public final class PatientFolds {
  /** Number of parts. */
  public static final int COUNT = 5;

  private PatientFolds() {}

  /**
   * Returns the part of each example, 0 to {@value #COUNT} - 1, or nothing if a class has fewer
   * patients than there are parts. Each part has about as many patients of each class. The parts
   * depend on the patients' names only, not on the order of the examples.
   *
   * @param patients patient of each example
   * @param labels class of each example, 0 to {@code classes} - 1; a patient counts as of the class
   *     of its first example
   */
  public static int[] of(List<String> patients, List<Integer> labels, int classes) {
    Map<String, Integer> first = new HashMap<>();
    for (int i = 0; i < patients.size(); i++) {
      first.putIfAbsent(patients.get(i), labels.get(i));
    }
    Map<Integer, TreeMap<String, String>> hashed = new TreeMap<>();
    first.forEach(
        (patient, label) ->
            hashed
                .computeIfAbsent(label, l -> new TreeMap<>())
                .put(Hashes.sha256(patient.getBytes(StandardCharsets.UTF_8)), patient));
    if (hashed.size() < classes || hashed.values().stream().anyMatch(p -> p.size() < COUNT)) {
      return new int[0];
    }
    Map<String, Integer> folds = new HashMap<>();
    hashed
        .values()
        .forEach(ofClass -> ofClass.values().forEach(p -> folds.put(p, folds.size() % COUNT)));
    return patients.stream().mapToInt(folds::get).toArray();
  }
}
