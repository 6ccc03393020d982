package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import java.util.List;

/** Thrown if a source has other classes than those wanted, or fewer than two. */
final class OtherClassesException extends DeepXrayException {
  private static final long serialVersionUID = 1;

  private final List<String> found;

  OtherClassesException(String message, List<String> found) {
    super(message);
    this.found = List.copyOf(found);
  }

  /** Class names of the source, sorted. */
  List<String> found() {
    return found;
  }
}
