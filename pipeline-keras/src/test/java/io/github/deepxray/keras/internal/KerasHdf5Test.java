package io.github.deepxray.keras.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Weights;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KerasHdf5Test {
  private static final Network HEAD =
      new Network(
          "head",
          "features",
          List.of(3),
          List.of(new Dense("dense", "features", 2, true)),
          List.of("dense"));

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "small-keras.h5",
        "small-keras2.weights.h5",
        "small-keras3.weights.h5",
        "small-keras3-nameless.weights.h5",
        "small-keras3.keras",
        "small-keras3.h5",
        "nested-keras3.keras",
        "nested-keras3.h5"
      })
  void readsWhatKerasSaved(String name) throws IOException {
    Weights weights = KerasHdf5.read(copyOf(name), SmallNetwork.NETWORK);
    assertThat(weights).isEqualTo(SmallNetwork.weights());
  }

  @Test
  void knowsAnArchiveByItsContent() throws IOException {
    Path file = Files.move(copyOf("small-keras3.keras"), folder.resolve("weights"));
    assertThat(KerasHdf5.read(file, SmallNetwork.NETWORK)).isEqualTo(SmallNetwork.weights());
  }

  @Test
  void twoModelsOfTheSameLayersAreRefused() throws IOException {
    Path file = copyOf("twice-keras3.keras");
    assertThatThrownBy(() -> KerasHdf5.read(file, SmallNetwork.NETWORK))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(file.toString(), "small", "more than once", "alone");
  }

  @Test
  void withoutNamesOneConvolutionMoreOrLessIsRefused() throws IOException {
    Path file = copyOf("small-keras3-nameless.weights.h5");
    Network deeper =
        new Network(
            "deeper",
            "images",
            List.of(8, 8, 3),
            List.of(
                new Conv2D("stem_conv", "images", 4, 3, 1, Padding.VALID, false),
                new Conv2D("second_conv", "stem_conv", 4, 3, 1, Padding.VALID, false)),
            List.of("second_conv"));
    assertThatThrownBy(() -> KerasHdf5.read(file, deeper))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(file.toString(), "1 Conv2D", "deeper needs 2");
  }

  @Test
  void leavesOutWhatTheNetworkDoesNotNeed() throws IOException {
    Network head =
        new Network(
            "part",
            "features",
            List.of(4),
            List.of(new Dense("predictions", "features", 2, true)),
            List.of("predictions"));
    Weights weights = KerasHdf5.read(copyOfKerasFile(), head);
    assertThat(weights.names()).containsExactly("predictions/bias", "predictions/kernel");
  }

  @Test
  void aMissingTensorIsNamedWithItsShape() throws IOException {
    Path file = headFile(new float[3][2], null);
    assertThatThrownBy(() -> KerasHdf5.read(file, HEAD))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(file.toString(), "dense/bias", "[2]", "head");
  }

  @Test
  void aMisshapenTensorIsNamedWithBothShapes() throws IOException {
    Path file = headFile(new float[4][2], new float[2]);
    assertThatThrownBy(() -> KerasHdf5.read(file, HEAD))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(file.toString(), "dense/kernel", "[4, 2]", "[3, 2]");
  }

  @Test
  void theSameNumberOfValuesInAnotherOrderIsMisshapen() throws IOException {
    Path file = headFile(new float[2][3], new float[2]);
    assertThatThrownBy(() -> KerasHdf5.read(file, HEAD))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll("dense/kernel", "[2, 3]", "[3, 2]");
  }

  @Test
  void aValueThatIsNotFiniteIsNamedWithItsPlace() throws IOException {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      Path file = headFile(new float[][] {{0, 1}, {2, bad}, {4, 5}}, new float[2]);
      assertThatThrownBy(() -> KerasHdf5.read(file, HEAD))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContainingAll(
              file.toString(), "dense/kernel", "[3, 2]", Float.toString(bad), "index 3");
    }
  }

  @Test
  void otherNumbersThanFloatsAreRefused() throws IOException {
    Path file = headFile(new double[3][2], new float[2]);
    assertThatThrownBy(() -> KerasHdf5.read(file, HEAD))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(file.toString(), "dense/kernel", "double", "32-bit floats");
  }

  @Test
  void aFileOfAnotherKindIsRefused() throws IOException {
    Path text = Files.writeString(folder.resolve("weights.h5"), "<html>404 Not Found</html>");
    Path empty = Files.createFile(folder.resolve("empty.h5"));
    for (Path file : List.of(text, empty)) {
      assertThatThrownBy(() -> KerasHdf5.read(file, HEAD))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContainingAll(file.toString(), "Keras HDF5");
    }
  }

  @Test
  void aMissingFileOrAFolderIsNoWeightsFile() {
    Path missing = folder.resolve("nowhere.h5");
    for (Path file : List.of(missing, folder)) {
      assertThatThrownBy(() -> KerasHdf5.read(file, HEAD))
          .isInstanceOf(NoSuchFileException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void aTruncatedFileIsRefusedWhereverItEnds() throws IOException {
    byte[] whole = Files.readAllBytes(copyOfKerasFile());
    Path file = folder.resolve("truncated.h5");
    for (int length = 0; length < whole.length; length += 331) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> KerasHdf5.read(file, SmallNetwork.NETWORK))
          .as("the first %d of %d bytes", length, whole.length)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void aTruncatedOrDamagedArchiveIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(copyOf("small-keras3.keras"));
    Path file = folder.resolve("truncated.keras");
    for (int length = 2; length < whole.length; length += 1331) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertOneLine(file, "damaged");
    }
    // In the middle of model.weights.h5, which is stored as it is.
    whole[whole.length / 2] ^= 1;
    Files.write(file, whole);
    assertOneLine(file, "damaged");
  }

  @Test
  void anArchiveOfAnotherKindIsRefused() throws IOException {
    Path file = folder.resolve("report.keras");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("report.txt"));
    }
    assertOneLine(file, "config.json");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("config.json"));
      zip.write("{}".getBytes(StandardCharsets.UTF_8));
    }
    assertOneLine(file, "model.weights.h5");
  }

  private static void assertOneLine(Path file, String word) {
    assertThatThrownBy(() -> KerasHdf5.read(file, SmallNetwork.NETWORK))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(file.toString(), word)
        .hasMessageNotContaining("\n");
  }

  @Test
  void aDamagedTableOfContentsIsRefused() throws IOException {
    Path file = copyOfKerasFile();
    byte[] bytes = Files.readAllBytes(file);
    int node = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("SNOD");
    // The cache type of the first entry, of which there are three (HDF5 specification, III.C).
    bytes[node + 24] = 77;
    Files.write(file, bytes);
    assertThatThrownBy(() -> KerasHdf5.read(file, SmallNetwork.NETWORK))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file.toString());
  }

  private Path copyOfKerasFile() throws IOException {
    return copyOf("small-keras.h5");
  }

  private Path copyOf(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = KerasHdf5Test.class.getResourceAsStream(name)) {
      Files.write(file, in.readAllBytes());
    }
    return file;
  }

  /** A file of a dense layer's weights as Keras lays them out; without bias if that is null. */
  private Path headFile(Object kernel, float[] bias) throws IOException {
    Path file = folder.resolve("head.h5");
    Files.deleteIfExists(file);
    try (WritableHdfFile hdf = HdfFile.write(file)) {
      WritableGroup group = hdf.putGroup("dense").putGroup("dense");
      group.putDataset("kernel:0", kernel);
      if (bias != null) {
        group.putDataset("bias:0", bias);
      }
    }
    return file;
  }
}
