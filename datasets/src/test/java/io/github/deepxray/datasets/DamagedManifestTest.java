package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.testkit.DamagedInputs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A damaged {@code dataset.json} gives a value or a line. */
class DamagedManifestTest {
  private static final long MOST_BYTES = 64L << 20;

  @TempDir static Path home;
  private static PreparedDataset dataset;

  @BeforeAll
  static void prepare() throws IOException {
    PhantomArchive.writeFolder(
        home.resolve("phantoms"),
        PhantomOptions.DEFAULT.withTrain(3, 4).withVal(1, 1).withTest(2, 2));
    dataset =
        PreparedDataset.prepare(
            home.resolve("phantoms"),
            home.resolve("data"),
            DatasetOptions.DEFAULT.withImageSize(32).withValidationFraction(0.25),
            Progress.NONE);
  }

  private static Path manifest() {
    return dataset.folder().resolve(PreparedDataset.MANIFEST);
  }

  @Test
  void isReadOrRefusedInALine() throws IOException {
    assertThat(
            DamagedInputs.json(
                manifest(),
                MOST_BYTES,
                () -> {
                  PreparedDataset read = PreparedDataset.open(dataset.folder());
                  read.table();
                  read.manifest().classNames();
                  for (Split split : Split.values()) {
                    read.images(split);
                    read.readAll(split);
                  }
                }))
        .isPositive();
  }

  @Test
  void anAuditThatCountsNoChannelsHasATable() throws IOException {
    String good = Files.readString(manifest());
    try {
      Files.writeString(
          manifest(), good.replaceAll("\"channels\"\\s*:\\s*\\{[^}]*}", "\"channels\":{}"));
      assertThat(Files.readString(manifest())).isNotEqualTo(good);
      assertThat(PreparedDataset.open(dataset.folder()).table()).contains("PNEUMONIA");
    } finally {
      Files.writeString(manifest(), good);
    }
  }

  @Test
  void aShardOutsideTheFolderIsRefused() throws IOException {
    String good = Files.readString(manifest());
    String name = dataset.manifest().shards().get(0).file();
    try {
      Files.writeString(manifest(), good.replace('"' + name + '"', "\"../" + name + '"'));
      assertThatThrownBy(() -> PreparedDataset.open(dataset.folder()))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(
              "dataset.json: shards[0]: invalid name of a file in the folder: ../" + name)
          .hasMessageEndingWith("; run the data command into a new folder.");
    } finally {
      Files.writeString(manifest(), good);
    }
  }
}
