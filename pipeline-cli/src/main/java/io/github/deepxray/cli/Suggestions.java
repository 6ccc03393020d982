package io.github.deepxray.cli;

import java.util.Collection;
import java.util.Comparator;

/** Suggestions for misspelt words. */
final class Suggestions {
  private Suggestions() {}

  /**
   * Returns the end of a message about a wrong word: the nearest of the known words, unless all are
   * too different.
   */
  static String end(String word, Collection<String> words) {
    return words.stream()
        .filter(candidate -> distance(word, candidate) <= Math.max(2, word.length() / 3))
        .min(Comparator.<String>comparingInt(c -> distance(word, c)).thenComparing(c -> c))
        .map(nearest -> "; did you mean " + nearest + "?")
        .orElse(".");
  }

  /** Returns the edit distance (Levenshtein 1965). */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j - 1], row[j]));
      }
    }
    return row[b.length()];
  }
}
