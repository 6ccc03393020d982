package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.DatasetOptions.FolderLayout;
import io.github.deepxray.datasets.Split;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Options of an adaptation to a site. Start from {@link #DEFAULT} and change it with the {@code
 * with} methods.
 *
 * @param artifact the form of the bundle that the map is fitted with
 * @param targetSensitivity the sensitivity that the threshold is chosen for, above 0 and below 1;
 *     if empty, that of the bundle. Of labelled images only
 * @param fitShare the share of the patients of each class in the fit, 0.1 to 0.9; the others are
 *     held out. Of labelled images only
 * @param seed the seed of the split into both parts and of the bootstrap
 * @param split the split of the source to use; all images if empty. Of labelled images only
 * @param layout the folder layout; detected if empty. Of labelled images only
 * @param maxBad the largest fraction of unreadable or misnamed files, 0..1; with more, the
 *     adaptation fails
 * @param seenAllowed whether images that the classifier was trained or chosen on are used instead
 *     of refused
 * @param worseAllowed whether the bundle is written even if the log loss on held-out patients
 *     becomes higher
 * @param cores the number of processor cores, 1 or more; results do not depend on it
 */
@RecordBuilder
public record AdaptationSpec(
    Artifact artifact,
    OptionalDouble targetSensitivity,
    double fitShare,
    long seed,
    Optional<Split> split,
    Optional<FolderLayout> layout,
    double maxBad,
    boolean seenAllowed,
    boolean worseAllowed,
    int cores)
    implements AdaptationSpecBuilder.With {
  /**
   * Float32, the bundle's target sensitivity, half of the patients, seed 0, all images, a detected
   * layout, 1 % bad files, seen images and worse probabilities refused.
   */
  public static final AdaptationSpec DEFAULT =
      new AdaptationSpec(
          Artifact.FLOAT32,
          OptionalDouble.empty(),
          0.5,
          0,
          Optional.empty(),
          Optional.empty(),
          0.01,
          false,
          false,
          Runtime.getRuntime().availableProcessors());

  /**
   * Checks the ranges.
   *
   * @throws DeepXrayException if a value is out of range
   */
  public AdaptationSpec {
    double target = targetSensitivity.orElse(0.5);
    require(target > 0 && target < 1, "targetSensitivity must be above 0 and below 1", target);
    require(fitShare >= 0.1 && fitShare <= 0.9, "fitShare must be from 0.1 to 0.9", fitShare);
    require(maxBad >= 0 && maxBad <= 1, "maxBad must be from 0 to 1", maxBad);
    require(cores >= 1, "cores must be 1 or more", cores);
  }

  private static void require(boolean condition, String rule, Object value) {
    if (!condition) {
      throw new DeepXrayException("Adaptation: " + rule + ", not " + value + ".");
    }
  }

  /** Returns a copy with another target. */
  public AdaptationSpec withTargetSensitivity(double value) {
    return withTargetSensitivity(OptionalDouble.of(value));
  }

  /** Returns a copy for one split of the source. */
  public AdaptationSpec withSplit(Split value) {
    return withSplit(Optional.of(value));
  }

  /** Returns a copy with a folder layout instead of the detected one. */
  public AdaptationSpec withLayout(FolderLayout value) {
    return withLayout(Optional.of(value));
  }

  /** Returns a copy that also uses images that the classifier was trained or chosen on. */
  public AdaptationSpec allowingSeen() {
    return withSeenAllowed(true);
  }

  /** Returns a copy that also writes a bundle with worse probabilities. */
  public AdaptationSpec allowingWorse() {
    return withWorseAllowed(true);
  }
}
