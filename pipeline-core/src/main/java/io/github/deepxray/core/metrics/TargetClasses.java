package io.github.deepxray.core.metrics;

import java.util.List;
import java.util.stream.IntStream;

/** The classes that metrics of a class are averaged over, and that reports draw curves of. */
public final class TargetClasses {
  /** Of so many classes charts are drawn; of more, tables say enough. */
  private static final int CHARTS = 20;

  private TargetClasses() {}

  /**
   * The numbers of the classes: of two the second, the positive class, of which the first is the
   * complement; of more each.
   *
   * @param classes how many classes there are
   */
  public static List<Integer> of(int classes) {
    return IntStream.range(classes == 2 ? 1 : 0, classes).boxed().toList();
  }

  /** Those of these classes that charts are drawn of: the first 20. */
  public static List<Integer> ofCharts(int classes) {
    return of(classes).stream().limit(CHARTS).toList();
  }
}
