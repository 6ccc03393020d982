package io.github.deepxray.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeepXrayExceptionTest {
  @Test
  void namesFromFilesCannotBreakTheLineOrSteerTheTerminal() {
    assertThat(new DeepXrayException("layer a\r\nb\u001b[2J\u2028c is too large."))
        .hasMessage("layer a b [2J c is too large.");
  }
}
