package io.github.deepxray.core.internal.engine;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Vector instructions of the processor. Native libraries choose their kernels by these
 * instructions, and kernels differ in the last bits of their results.
 */
public final class Processor {
  private static final String UNKNOWN = "unknown";

  /** Features that kernels are chosen by. */
  private static final Pattern VECTORS =
      Pattern.compile("s?s?sse.*|avx.*|amx.*|fma.*|f16c|asimd.*|sve.*|sme.*|neon|i8mm|bf16|fphp");

  private Processor() {}

  /** Read once: Java needs 0.2 s to list them. */
  private static final class Read {
    static final String FEATURES = process() + "; " + system();
  }

  /**
   * Vector instructions that Java detects, which an emulator may restrict, and those that the
   * operating system lists; {@code unknown} for what cannot be read.
   */
  public static String features() {
    return Read.FEATURES;
  }

  /** Reads the features from the report of HotSpot's {@code jcmd VM.info}. */
  private static String process() {
    try {
      Object report =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "vmInfo",
                  new Object[] {new String[0]},
                  new String[] {String[].class.getName()});
      return vectors(report.toString().lines().filter(line -> line.startsWith("CPU:")));
    } catch (JMException e) {
      return UNKNOWN;
    }
  }

  /** Reads the features that Linux lists for each core, all equal. */
  private static String system() {
    try {
      return vectors(
          Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
              .filter(line -> line.matches("(flags|Features)\\s*:.*")));
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  private static String vectors(Stream<String> lines) {
    String found =
        lines
            .flatMap(line -> Arrays.stream(line.split("[\\s,]+")))
            .filter(word -> VECTORS.matcher(word).matches())
            .collect(Collectors.toCollection(TreeSet::new))
            .stream()
            .collect(Collectors.joining(" "));
    return found.isEmpty() ? UNKNOWN : found;
  }
}
