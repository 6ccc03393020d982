package io.github.deepxray.bench;

import io.github.deepxray.core.DeepXrayException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Server in a separate process. */
final class ServerProcess implements AutoCloseable {
  private static final Pattern READY = Pattern.compile("^Ready: (http://\\S+?:\\d+)/");

  private final Process process;
  private final BufferedReader out;
  private final URI uri;

  /** Seconds from the start of the process to the line that it is ready. */
  private final double ready;

  ServerProcess(ProcessBuilder builder) throws IOException {
    long start = System.nanoTime();
    process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    ready = (System.nanoTime() - start) / 1e9;
    Matcher matcher = READY.matcher(line == null ? "" : line);
    if (!matcher.find()) {
      close();
      throw new DeepXrayException("The server does not start; see its message above.");
    }
    uri = URI.create(matcher.group(1));
  }

  /** Terminates the server with SIGTERM and returns the seconds until its end. */
  double end() {
    long start = System.nanoTime();
    process.destroy();
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() throws IOException {
    end();
    out.close();
  }

  /** URI of the server. */
  URI uri() {
    return uri;
  }

  /** Seconds from the start of the process to the line that it is ready. */
  double secondsToReady() {
    return ready;
  }

  /** Returns the resident memory in MiB on Linux; NaN on other systems. */
  double residentMiB() {
    try {
      for (String line :
          Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
        if (line.startsWith("VmRSS:")) {
          return Double.parseDouble(line.replaceAll("\\D", "")) / 1024;
        }
      }
    } catch (IOException e) {
      return Double.NaN;
    }
    return Double.NaN;
  }
}
