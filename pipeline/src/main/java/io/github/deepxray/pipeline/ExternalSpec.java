package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.DatasetOptions.FolderLayout;
import io.github.deepxray.datasets.Split;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Optional;

/**
 * Options of an external validation. Start from {@link #DEFAULT} and change it with the {@code
 * with} methods.
 *
 * @param artifact the form of the bundle to evaluate
 * @param split the split of the source to evaluate; all images if empty
 * @param slices columns of a CSV source; the images with each of their values are evaluated
 * @param layout the folder layout; detected if empty
 * @param maxBad the largest fraction of unreadable or misnamed files, 0..1; with more, the
 *     evaluation fails
 * @param seenAllowed whether images that the classifier was trained or chosen on are evaluated
 *     instead of refused
 * @param cores the number of processor cores, 1 or more; results do not depend on it
 */
@RecordBuilder
public record ExternalSpec(
    Artifact artifact,
    Optional<Split> split,
    List<String> slices,
    Optional<FolderLayout> layout,
    double maxBad,
    boolean seenAllowed,
    int cores)
    implements ExternalSpecBuilder.With {
  /** Float32, all images, no slices, a detected layout, 1 % bad files, seen images refused. */
  public static final ExternalSpec DEFAULT =
      new ExternalSpec(
          Artifact.FLOAT32,
          Optional.empty(),
          List.of(),
          Optional.empty(),
          0.01,
          false,
          Runtime.getRuntime().availableProcessors());

  /**
   * Copies the list and checks the ranges.
   *
   * @throws DeepXrayException if a value is out of range
   */
  public ExternalSpec {
    slices = List.copyOf(slices);
    if (!(maxBad >= 0 && maxBad <= 1)) {
      throw new DeepXrayException("External: maxBad must be from 0 to 1, not " + maxBad + ".");
    }
    if (cores < 1) {
      throw new DeepXrayException("External: cores must be 1 or more, not " + cores + ".");
    }
  }

  /** Returns a copy for one split of the source. */
  public ExternalSpec withSplit(Split value) {
    return withSplit(Optional.of(value));
  }

  /** Returns a copy with a folder layout instead of the detected one. */
  public ExternalSpec withLayout(FolderLayout value) {
    return withLayout(Optional.of(value));
  }

  /** Returns a copy that also evaluates images that the classifier was trained or chosen on. */
  public ExternalSpec allowingSeen() {
    return withSeenAllowed(true);
  }
}
