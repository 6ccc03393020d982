package io.github.deepxray.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.internal.io.Json;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Load generator that sends images to a server over persistent connections and measures the time of
 * each answer. It does little else, because it shares the processor with the server.
 */
final class LoadGenerator {
  // TensorFlow's order of summation, and therefore the last digits, depends on the batch size.
  private static final double ROUNDING = 1e-5;

  private static final int OK = 200;
  private static final int TIMEOUT_MILLISECONDS = 60_000;
  private static final int HANDSHAKE_TRIES = 3;

  /** Marks the end of the requests. */
  private static final long END = Long.MIN_VALUE;

  private final InetSocketAddress address;
  private final List<byte[]> requests;
  private final List<byte[]> expected;

  /**
   * Sends each image once to get the expected answers.
   *
   * @param server URI of the server
   * @param name name of the model
   * @param images JPEG or PNG files
   * @throws IOException if the server cannot be reached or refuses an image
   */
  LoadGenerator(URI server, String name, List<byte[]> images) throws IOException {
    address = new InetSocketAddress(server.getHost(), server.getPort());
    requests = images.stream().map(image -> request(server, name, image)).toList();
    byte[][] answers = new byte[requests.size()][];
    try (Connection connection = new Connection()) {
      for (int i = 0; i < answers.length; i++) {
        Answer answer = connection.call(requests.get(i));
        if (answer.status != OK) {
          throw new IOException(
              "the server answers image %s with %s %s"
                  .formatted(i, answer.status, new String(answer.body, StandardCharsets.UTF_8)));
        }
        answers[i] = answer.body;
      }
    }
    expected = List.of(answers);
  }

  private static byte[] request(URI server, String name, byte[] image) {
    byte[] body =
        "{\"signature_name\":\"serving_bytes\",\"instances\":[{\"b64\":\"%s\"}]}"
            .formatted(Base64.getEncoder().encodeToString(image))
            .getBytes(StandardCharsets.US_ASCII);
    byte[] head =
        """
        POST /v1/models/%s:predict HTTP/1.1\r
        Host: %s\r
        Content-Type: application/json\r
        Content-Length: %s\r
        \r
        """
            .formatted(name, server.getAuthority(), body.length)
            .getBytes(StandardCharsets.US_ASCII);
    byte[] request = Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, request, head.length, body.length);
    return request;
  }

  /** Answer of a server. */
  private static final class Answer {
    private final int status;
    private final byte[] body;
    private final boolean last;

    private Answer(int status, byte[] body, boolean last) {
      this.status = status;
      this.body = body;
      this.last = last;
    }
  }

  /** Persistent connection. */
  private final class Connection implements AutoCloseable {
    private final Socket socket = new Socket();
    private final InputStream in;

    Connection() throws IOException {
      for (int i = 1; ; i++) {
        try {
          socket.connect(address, TIMEOUT_MILLISECONDS);
          break;
        } catch (IOException e) {
          if (i == HANDSHAKE_TRIES) {
            throw e;
          }
        }
      }
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(TIMEOUT_MILLISECONDS);
      in = new BufferedInputStream(socket.getInputStream());
    }

    Answer call(byte[] request) throws IOException {
      socket.getOutputStream().write(request);
      int status = number(line().replaceFirst("^HTTP/1\\.[01] ([0-9]{3})( .*)?$", "$1"));
      int length = 0;
      boolean last = false;
      for (String line = line(); !line.isEmpty(); line = line()) {
        String lower = line.toLowerCase(Locale.ROOT);
        if (lower.startsWith("content-length:")) {
          length = number(lower.substring("content-length:".length()).strip());
        } else if (lower.startsWith("connection:") && lower.contains("close")) {
          last = true;
        }
      }
      return new Answer(status, in.readNBytes(length), last);
    }

    private static int number(String text) throws IOException {
      if (!text.matches("[0-9]{1,9}")) {
        throw new IOException("the server's answer is no HTTP");
      }
      return Integer.parseInt(text);
    }

    private String line() throws IOException {
      StringBuilder text = new StringBuilder();
      for (int b = in.read(); b != '\n'; b = in.read()) {
        if (b < 0) {
          throw new EOFException("the server closed the connection");
        } else if (b != '\r') {
          text.append((char) b);
        }
      }
      return text.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /**
   * Result of many requests.
   *
   * @param seconds total seconds
   * @param codes number of answers by status; 0 means no answer, 1 a wrong answer
   * @param latencies latencies of the accepted requests from their due times, in milliseconds,
   *     sorted
   * @param served latencies of the accepted requests from their send times
   */
  record Result(
      double seconds, Map<Integer, Integer> codes, List<Double> latencies, List<Double> served) {
    /** Number of requests. */
    int count() {
      return codes.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Number of requests that were answered with the probability. */
    int accepted() {
      return codes.getOrDefault(OK, 0);
    }

    /** Number of requests that were neither accepted nor refused temporarily. */
    int failed() {
      return codes.entrySet().stream()
          .filter(code -> code.getKey() != OK && code.getKey() != 429 && code.getKey() != 503)
          .mapToInt(Map.Entry::getValue)
          .sum();
    }

    double perSecond() {
      return accepted() / seconds;
    }

    /** Returns a percentile of the latencies of accepted requests, in milliseconds. */
    double percentile(double share) {
      if (latencies.isEmpty()) {
        return Double.NaN;
      }
      int rank = (int) Math.ceil(share * latencies.size());
      return latencies.get(Math.max(0, Math.min(latencies.size() - 1, rank - 1)));
    }

    /** Returns the longest time from sending to the answer of an accepted request. */
    double longestServed() {
      return served.isEmpty() ? Double.NaN : served.get(served.size() - 1);
    }
  }

  /** Sends requests in a closed loop: each connection sends the next request after an answer. */
  Result closed(int connections, int count) {
    return run(connections, i -> i < count ? System.nanoTime() : END);
  }

  /** Sends requests in a closed loop until a condition is true. */
  Result closedUntil(int connections, BooleanSupplier enough) {
    return run(connections, i -> enough.getAsBoolean() ? END : System.nanoTime());
  }

  /**
   * Sends requests in an open loop at random times (Poisson process), independent of the answers.
   * The waiting time for a free connection is included in the latency.
   *
   * @param perSecond mean requests per second
   */
  Result open(int connections, int count, double perSecond, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long[] times = new long[count];
    double at = 0;
    for (int i = 0; i < count; i++) {
      at += -Math.log(1 - random.nextDouble()) / perSecond;
      times[i] = (long) (at * 1e9);
    }
    long start = System.nanoTime();
    return run(
        connections,
        i -> {
          if (i >= count) {
            return END;
          }
          long due = start + times[i];
          for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
          }
          return due;
        });
  }

  /** Whether two answers have the same probabilities. */
  private static boolean same(byte[] answer, byte[] expected) {
    if (Arrays.equals(answer, expected)) {
      return true;
    }
    double[] said = probabilities(answer);
    double[] right = probabilities(expected);
    return said.length == right.length
        && IntStream.range(0, said.length).allMatch(i -> Math.abs(said[i] - right[i]) <= ROUNDING);
  }

  private static double[] probabilities(byte[] answer) {
    JsonNode predictions =
        Json.parse(new String(answer, StandardCharsets.UTF_8), "the server's answer")
            .path("predictions");
    return StreamSupport.stream(predictions.spliterator(), false)
        .flatMap(one -> StreamSupport.stream(one.spliterator(), false))
        .mapToDouble(JsonNode::doubleValue)
        .toArray();
  }

  /**
   * Schedule of requests: waits until a request is due and returns its due time, or {@link #END}.
   */
  @FunctionalInterface
  private interface Schedule {
    long await(int request);
  }

  /** Results of one connection. */
  private static final class Log {
    private final Map<Integer, Integer> codes = new TreeMap<>();
    private final List<Double> latencies = new ArrayList<>();
    private final List<Double> served = new ArrayList<>();
  }

  private Result run(int connections, Schedule schedule) {
    AtomicInteger next = new AtomicInteger();
    long start = System.nanoTime();
    List<Log> logs = Stream.generate(Log::new).limit(connections).toList();
    try {
      Workers.run(
          connections, (worker, all) -> work(next, all::stopped, logs.get(worker), schedule));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    Map<Integer, Integer> codes = new TreeMap<>();
    List<Double> latencies = new ArrayList<>();
    List<Double> served = new ArrayList<>();
    for (Log log : logs) {
      log.codes.forEach((code, count) -> codes.merge(code, count, Integer::sum));
      latencies.addAll(log.latencies);
      served.addAll(log.served);
    }
    Collections.sort(latencies);
    Collections.sort(served);
    return new Result(seconds, codes, latencies, served);
  }

  private void work(AtomicInteger next, BooleanSupplier stop, Log log, Schedule schedule) {
    Connection connection = null;
    while (!stop.getAsBoolean()) {
      int i = next.getAndIncrement();
      long due = schedule.await(i);
      if (due == END) {
        break;
      }
      int image = i % requests.size();
      int code;
      try {
        if (connection == null) {
          connection = new Connection();
        }
        long sent = System.nanoTime();
        Answer answer = connection.call(requests.get(image));
        long now = System.nanoTime();
        boolean right = answer.status != OK || same(answer.body, expected.get(image));
        code = right ? answer.status : 1;
        if (code == OK) {
          log.latencies.add((now - due) / 1e6);
          log.served.add((now - sent) / 1e6);
        }
        if (answer.last) {
          connection = closed(connection);
        }
      } catch (IOException | RuntimeException e) {
        code = 0;
        connection = closed(connection);
      }
      log.codes.merge(code, 1, Integer::sum);
    }
    closed(connection);
  }

  /** Closes a connection and returns null. */
  private static Connection closed(Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (IOException e) {
      // The connection is not used any more.
      return null;
    }
    return null;
  }
}
