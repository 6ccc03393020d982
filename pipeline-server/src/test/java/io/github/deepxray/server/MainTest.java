package io.github.deepxray.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  @Test
  void tellsItsOptionsAndItsVersion() {
    assertThat(run("--help")).isZero();
    assertThat(out).asString().contains("Usage: deepxray-serve", "--api-key-file", "--max-pixels");
    assertThat(run("--version")).isZero();
    assertThat(out).asString().containsPattern("deepxray-serve \\S+");
  }

  @Test
  void wrongOptionsAreWrongUsage(@TempDir Path folder) {
    assertThat(run(folder.toString(), "--port", "70000")).isEqualTo(2);
    assertThat(err).asString().contains("A port is 0 to 65535, not 70000.");
    assertThat(run(folder.toString(), "--engine", "float64")).isEqualTo(2);
    assertThat(err).asString().contains("There is no artifact float64");
    assertThat(run()).isEqualTo(2);
  }

  @Test
  void whatCannotBeServedIsSaidInALine(@TempDir Path folder) {
    assertThat(run(folder.resolve("missing").toString(), "--port", "0")).isEqualTo(1);
    assertThat(err.toString().lines())
        .hasSize(1)
        .allMatch(line -> line.startsWith("deepxray-serve: ") && line.contains("missing"));
  }
}
