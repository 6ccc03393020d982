package io.github.deepxray.datasets;

import java.util.Map;

/** Where the images of a data set come from, for what the model card says about them. */
public enum DatasetOrigin {
  /** Chest X-Ray Images (Pneumonia) by Kermany et al. 2018, as Kaggle has it. */
  KERMANY_2018,
  /** Drawings of {@link io.github.deepxray.datasets.phantom}. */
  PHANTOMS,
  /** Not known to this library. */
  UNKNOWN;

  /** The numbers of images that the archive of Kermany et al. has in its folders. */
  private static final Map<Split, Map<Label, Integer>> KERMANY_IMAGES =
      Map.of(
          Split.TRAIN, Map.of(Label.NEGATIVE, 1341, Label.POSITIVE, 3875),
          Split.VALIDATION, Map.of(Label.NEGATIVE, 8, Label.POSITIVE, 8),
          Split.TEST, Map.of(Label.NEGATIVE, 234, Label.POSITIVE, 390));

  /**
   * Recognizes an archive by the number of images in each of its folders; phantoms are not
   * recognized.
   */
  public static DatasetOrigin of(DatasetAudit audit) {
    boolean kermany =
        audit.folders().size() == 6
            && audit.folders().stream()
                .allMatch(
                    folder ->
                        KERMANY_IMAGES
                            .getOrDefault(folder.split(), Map.of())
                            .getOrDefault(folder.label(), -1)
                            .equals(folder.images()));
    return kermany ? KERMANY_2018 : UNKNOWN;
  }
}
