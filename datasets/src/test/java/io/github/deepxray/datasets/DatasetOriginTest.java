package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DatasetOriginTest {
  /** An audit that found so many images in train, val and test, normal before pneumonia. */
  private static DatasetAudit audit(int... images) {
    List<DatasetAudit.Folder> folders = new ArrayList<>();
    DatasetAudit.SizeRange size = new DatasetAudit.SizeRange(224, 224, 224);
    int next = 0;
    for (Split split : List.of(Split.TRAIN, Split.VALIDATION, Split.TEST)) {
      for (Label label : List.of(Label.NEGATIVE, Label.POSITIVE)) {
        folders.add(
            new DatasetAudit.Folder(
                split,
                label,
                images[next++],
                1,
                0,
                1,
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                new DatasetAudit.Sizes(size, size, 1, List.of())));
      }
    }
    return new DatasetAudit(
        0,
        folders,
        List.of(),
        List.of(),
        List.of(),
        new DatasetAudit.Skipped(0, 0, Map.of(), Map.of()));
  }

  @Test
  void theArchiveOfKermanyIsKnownByItsFolders() {
    assertThat(DatasetOrigin.of(audit(1341, 3875, 8, 8, 234, 390)))
        .isEqualTo(DatasetOrigin.KERMANY_2018);
    assertThat(DatasetOrigin.of(audit(1341, 3875, 8, 8, 234, 389)))
        .isEqualTo(DatasetOrigin.UNKNOWN);
    assertThat(DatasetOrigin.of(audit(3875, 1341, 8, 8, 390, 234)))
        .isEqualTo(DatasetOrigin.UNKNOWN);
    assertThat(DatasetOrigin.of(audit(100, 180, 8, 8, 40, 64))).isEqualTo(DatasetOrigin.UNKNOWN);
  }
}
