package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDownloadTest {
  private static final PhantomOptions PHANTOMS =
      PhantomOptions.DEFAULT.withTrain(6, 6).withVal(1, 1).withTest(2, 2).withSize(32);

  @TempDir Path home;

  private final String actualHome = System.getProperty("user.home");

  @BeforeEach
  void moveHome() {
    assumeTrue(System.getenv("KAGGLEHUB_CACHE") == null, "the cache is elsewhere");
    System.setProperty("user.home", home.toString());
  }

  @AfterEach
  void moveBack() {
    System.setProperty("user.home", actualHome);
  }

  /** What kagglehub leaves behind. */
  private Path cached() throws IOException {
    Path dataset = home.resolve(".cache/kagglehub/datasets/paultimothymooney/chest-xray-pneumonia");
    PhantomArchive.writeFolder(dataset.resolve("versions/2"), PHANTOMS);
    Files.createFile(dataset.resolve("2.complete"));
    return dataset.resolve("versions/2");
  }

  @Test
  void printsWhereTheCopyOfKagglehubIs() throws IOException {
    Path folder = cached();
    Outcome outcome = Outcome.of("data", "download");
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out()).isEqualTo(folder + "\n");
  }

  @Test
  void theDataSetOfKaggleIsPrepared() throws IOException {
    cached();
    Path out = home.resolve("out");
    Outcome outcome = Outcome.of("data", "--data", "kaggle", "--out", out, "--image-size", "32");
    assertThat(outcome.err()).doesNotContain("deepxray:");
    assertThat(outcome.code()).isZero();
    assertThat(out.resolve("data/dataset.json")).exists();
    assertThat(out.resolve("data.yaml")).content().contains("data: \"kaggle\"");
  }

  @Test
  void malformedCredentialsAreNamedInOneLine() throws IOException {
    Path file = home.resolve(".kaggle/kaggle.json");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{\"key\": \"s3cret\"}");
    assumeTrue(System.getenv("KAGGLE_API_TOKEN") == null && System.getenv("KAGGLE_KEY") == null);
    Outcome outcome = Outcome.of("data", "download", "--verbose");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains(file.toString()).doesNotContain("s3cret");
  }

  @Test
  void aWrongNameIsAUsageError() {
    for (Object[] line :
        new Object[][] {
          {"data", "download", "--dataset", "x"}, {"data", "download", "--data", "x"}
        }) {
      Outcome outcome = Outcome.of(line);
      assertThat(outcome.code()).isEqualTo(2);
      assertThat(outcome.errLines()).hasSize(2);
    }
    Outcome outcome = Outcome.of("data", "--data", "kaggle:x", "--out", home.resolve("out"));
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("<owner>/<name>");
  }

  @Test
  void theOptionsOfDataAreStillRequired() {
    assertThat(Outcome.of("data").err()).contains("'--data=<zip|dir|kaggle>', '--out=<dir>'");
    Outcome outcome = Outcome.of("data", "--data", "x");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.errLines().get(0))
        .isEqualTo("deepxray: Missing required option: '--out=<dir>'");
  }

  @Test
  void downloadTeaches() {
    Outcome outcome = Outcome.of("data", "download", "--help");
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out())
        .contains("Usage: deepxray data download")
        .contains("Example: deepxray data download")
        .contains("KAGGLE_API_TOKEN");
    assertThat(Outcome.of("data", "--help").out())
        .contains("deepxray data download [<options>]")
        .contains("--max-bad");
  }
}
