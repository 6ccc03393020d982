package io.github.deepxray.datasets;

import java.util.Map;

/** Origin of a data set, for the model card. */
public enum DatasetOrigin {
  /** Chest X-Ray Images (Pneumonia) by Kermany et al. 2018, as on Kaggle. */
  KERMANY_2018,
  /** Drawings of {@link io.github.deepxray.datasets.phantom}. */
  PHANTOMS,
  /** Unknown origin. */
  UNKNOWN;

  /** Number of images in the folders of the archive of Kermany et al. */
  private static final Map<Split, Map<Label, Integer>> KERMANY_IMAGES =
      Map.of(
          Split.TRAIN, Map.of(Label.NEGATIVE, 1341, Label.POSITIVE, 3875),
          Split.VALIDATION, Map.of(Label.NEGATIVE, 8, Label.POSITIVE, 8),
          Split.TEST, Map.of(Label.NEGATIVE, 234, Label.POSITIVE, 390));

  /** Recognizes an archive by the number of images in each folder; phantoms are not recognized. */
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
