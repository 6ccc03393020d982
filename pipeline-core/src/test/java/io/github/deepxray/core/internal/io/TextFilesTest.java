package io.github.deepxray.core.internal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextFilesTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "a.json", "saved_model/1/saved_model.pb", "with blank"})
  void namesInsideAFolderAreGivenBack(String name) {
    assertThat(TextFiles.requireInside(name)).isEqualTo(name);
  }

  /** The last is half of a character, which no encoding has. */
  @ParameterizedTest
  @ValueSource(
      strings = {"", "/etc/passwd", "../a", "a/../b", "a//b", "C:\\a", "a\\b", "a\nb", "a\uD800b"})
  void otherNamesAreRefused(String name) {
    assertThatThrownBy(() -> TextFiles.requireInside(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("invalid name of a file in the folder");
  }
}
