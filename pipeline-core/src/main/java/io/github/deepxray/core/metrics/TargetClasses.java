package io.github.deepxray.core.metrics;

import java.util.List;
import java.util.stream.IntStream;

/** Classes that metrics are averaged over and that reports draw curves of. */
public final class TargetClasses {
  /** Largest number of classes with charts; reports of more have tables only. */
  private static final int CHARTS = 20;

  private TargetClasses() {}

  /**
   * Numbers of the target classes: of two classes the second, the positive one, whose complement is
   * the first; of more, all.
   *
   * @param classes the number of classes
   */
  public static List<Integer> of(int classes) {
    return IntStream.range(classes == 2 ? 1 : 0, classes).boxed().toList();
  }

  /** First 20 of these classes, for charts. */
  public static List<Integer> ofCharts(int classes) {
    return of(classes).stream().limit(CHARTS).toList();
  }
}
