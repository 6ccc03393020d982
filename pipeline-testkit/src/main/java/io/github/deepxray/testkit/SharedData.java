package io.github.deepxray.testkit;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Paths of real data for tests: the folder of the system property {@code deepxray.shared}, by
 * default {@code shared} beside the repository.
 *
 * <p>Without the folder those tests are skipped, unless {@code deepxray.requireShared} is {@code
 * true}, as in CI, where they fail.
 */
public final class SharedData {
  private SharedData() {}

  /** Archive of chest X-rays in the layout of the Kaggle archive. */
  public static Path archive() {
    return require("data/chest-xray-pneumonia.zip");
  }

  /** Folder of full-resolution chest X-rays. */
  public static Path fullResolution() {
    return require("data/full-resolution");
  }

  /** ImageNet weights of EfficientNetB0 without top, as Keras stores them. */
  public static Path weights() {
    return require("weights/efficientnetb0_notop.h5");
  }

  /**
   * Malicious test file.
   *
   * @param file the name
   */
  public static Path hostile(String file) {
    return require("cases/hostile/" + file);
  }

  /**
   * Input of a regression test.
   *
   * @param path the path in the folder of cases, such as {@code csv/empty.csv}
   */
  public static Path cases(String path) {
    return require("cases/" + path);
  }

  /** Program that runs another as if on an older processor. */
  public static Path otherProcessor() {
    return require("tools/other-cpu/other-cpu");
  }

  private static Path require(String path) {
    Path root = Path.of(System.getProperty("deepxray.root", ".."));
    Path shared =
        Path.of(System.getProperty("deepxray.shared", root.resolve("../shared").toString()));
    Path file = shared.resolve(path).toAbsolutePath().normalize();
    boolean there = Files.exists(file);
    if (!there && Boolean.getBoolean("deepxray.requireShared")) {
      fail("The real data is required here, but there is no " + file);
    }
    assumeTrue(there, () -> "no real data at " + file + " (set -Ddeepxray.shared)");
    return file;
  }
}
