package io.github.deepxray.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;

/** What a command did. */
record Outcome(int code, String out, String err) {
  /** Runs a command in this process. */
  static Outcome of(Object... arguments) {
    String[] texts = Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new);
    CommandLine commandLine = Main.commandLine(texts);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    int code = commandLine.execute(texts);
    return new Outcome(code, out.toString(), err.toString());
  }

  /** Starts a command in a Java of its own; what it prints goes into a file. */
  static Process fork(Path log, List<String> javaOptions, Object... arguments) throws IOException {
    return process(log, javaOptions, arguments).start();
  }

  /** A command in a Java of its own; what it prints goes into a file. */
  static ProcessBuilder process(Path log, List<String> javaOptions, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(javaOptions);
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
  }

  List<String> errLines() {
    return err.lines().toList();
  }
}
