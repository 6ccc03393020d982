package io.github.deepxray.datasets.internal.kaggle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KaggleCredentialsTest {
  @TempDir Path home;

  private Path write(String name, String content) throws IOException {
    Path file = home.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private String authorization(Map<String, String> environment) throws IOException {
    return KaggleCredentials.find(environment, home).orElseThrow().authorization();
  }

  @Test
  void looksWhereKagglesClientLooksAndInItsOrder() throws IOException {
    assertThat(KaggleCredentials.find(Map.of(), home)).isEmpty();
    write(".config/kaggle/kaggle.json", "{\"username\": \"ann\", \"key\": \"xdg\"}");
    // The examples of RFC 7617 are made the same way: Base64 of name, colon and key.
    assertThat(authorization(Map.of())).isEqualTo("Basic YW5uOnhkZw==");
    write(".kaggle/kaggle.json", "{\"username\": \"ann\", \"key\": \"home\"}");
    assertThat(authorization(Map.of())).isEqualTo("Basic YW5uOmhvbWU=");
    write("elsewhere/kaggle.json", "{\"username\": \"ann\", \"key\": \"dir\"}");
    Map<String, String> folder = Map.of("KAGGLE_CONFIG_DIR", home.resolve("elsewhere").toString());
    assertThat(authorization(folder)).isEqualTo("Basic YW5uOmRpcg==");
    Map<String, String> pair = Map.of("KAGGLE_USERNAME", "ann", "KAGGLE_KEY", "env");
    assertThat(authorization(pair)).isEqualTo("Basic YW5uOmVudg==");
    write(".kaggle/access_token", "KGAT_file\n");
    assertThat(authorization(pair)).isEqualTo("Bearer KGAT_file");
    assertThat(authorization(Map.of("KAGGLE_API_TOKEN", "KGAT_env"))).isEqualTo("Bearer KGAT_env");
    Path file = write("token", " KGAT_named \n");
    assertThat(authorization(Map.of("KAGGLE_API_TOKEN", file.toString())))
        .isEqualTo("Bearer KGAT_named");
  }

  @Test
  void halfAPairAndEmptyValuesAreNoCredentials() throws IOException {
    write(".kaggle/access_token", " \n");
    assertThat(
            KaggleCredentials.find(
                Map.of("KAGGLE_USERNAME", "ann", "KAGGLE_KEY", "", "KAGGLE_API_TOKEN", " "), home))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"username\": \"ann\", \"key\": \"s3cret\"",
        "{\"user\": \"ann\", \"key\": \"s3cret\"}",
        "{\"username\": \"\", \"key\": \"s3cret\"}",
        "s3cret"
      })
  void aMalformedFileIsNamedWithoutItsContent(String content) throws IOException {
    Path file = write(".kaggle/kaggle.json", content);
    assertThatThrownBy(() -> KaggleCredentials.find(Map.of(), home))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file.toString())
        .hasNoCause()
        .message()
        .doesNotContain("s3cret");
  }

  @Test
  void whatIsNoTokenIsNotShown() {
    Map<String, String> environment = Map.of("KAGGLE_API_TOKEN", "s3cret\nand more");
    assertThatThrownBy(() -> KaggleCredentials.find(environment, home))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("KAGGLE_API_TOKEN")
        .message()
        .doesNotContain("s3cret");
  }

  @Test
  void showsWhereItComesFromOnly() {
    assertThat(KaggleCredentials.token("s3cret", "KAGGLE_API_TOKEN"))
        .hasToString("credentials from KAGGLE_API_TOKEN");
  }
}
