package io.github.deepxray.datasets.internal.kaggle;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.Version;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.datasets.internal.kaggle.Retries.TransientException;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * HTTP client of one server; other servers never get its credentials. Redirect targets are never
 * shown: they are signed and give access to the file.
 */
final class Http {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final int MAX_REDIRECTS = 10;
  private static final Duration CONNECT = Duration.ofSeconds(30);

  private final URI endpoint;
  private final Optional<KaggleCredentials> credentials;
  private final Duration stall;
  private final HttpClient client;

  Http(URI endpoint, Optional<KaggleCredentials> credentials, Duration stall) {
    this.endpoint = endpoint;
    this.credentials = credentials;
    this.stall = stall;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            // HTTP/2 has no advantage for one file at a time.
            .version(HttpClient.Version.HTTP_1_1)
            // Redirects are followed here: the client would decide itself which server gets the
            // credentials.
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT);
    Optional.ofNullable(ProxySelector.getDefault()).ifPresent(builder::proxy);
    client = builder.build();
  }

  /** Receives the body of an answer 200 or 206; called by one thread at a time. */
  interface Receiver {
    /** Called at the beginning of the body. */
    void begin(int status, HttpHeaders headers) throws IOException;

    /** Called with more bytes. */
    void accept(byte[] bytes) throws IOException;
  }

  /**
   * Last answer of a chain of redirects.
   *
   * @param elsewhere whether it is from another server
   */
  record Answer(int status, HttpHeaders headers, boolean elsewhere) {
    /** Wait time requested by the server: seconds or a date (RFC 9110, section 10.2.3). */
    Optional<Duration> retryAfter() {
      return headers.firstValue("Retry-After").flatMap(Http::parseWait);
    }
  }

  /**
   * Sends a GET request and follows redirects.
   *
   * @param path on the endpoint, with its query
   * @param headers sent to every server of the chain
   * @throws TransientException if the connection fails, breaks or stalls
   * @throws IOException if the receiver fails
   */
  Answer get(String path, Map<String, String> headers, Receiver receiver) throws IOException {
    URI uri = endpoint.resolve(path);
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      boolean elsewhere = !sameOrigin(uri, endpoint);
      HttpRequest.Builder request =
          HttpRequest.newBuilder(uri)
              .header("User-Agent", "deepxray/" + Version.current())
              .header("Accept-Encoding", "identity");
      headers.forEach(request::header);
      if (!elsewhere) {
        credentials.ifPresent(c -> request.header("Authorization", c.authorization()));
      }
      HttpResponse<Void> response = exchange(request.build(), receiver);
      if (!REDIRECTS.contains(response.statusCode())) {
        return new Answer(response.statusCode(), response.headers(), elsewhere);
      }
      uri = next(uri, response.headers());
    }
    throw new DeepXrayException(
        endpoint.getHost()
            + " redirects without end; try again later, or download the"
            + " data set in a browser.");
  }

  private static URI next(URI from, HttpHeaders headers) throws TransientException {
    String location = headers.firstValue("Location").orElse("");
    if (location.isBlank()) {
      throw new TransientException(from.getHost() + " redirects without an address");
    }
    URI to;
    try {
      to = from.resolve(new URI(location));
    } catch (URISyntaxException e) {
      // Without its cause, which contains the address.
      throw new TransientException(from.getHost() + " redirects to a malformed address");
    }
    boolean http = "http".equalsIgnoreCase(to.getScheme());
    if (to.getHost() == null || !(http || "https".equalsIgnoreCase(to.getScheme()))) {
      throw new TransientException(from.getHost() + " redirects to an invalid address");
    } else if (http && "https".equalsIgnoreCase(from.getScheme())) {
      throw new DeepXrayException(
          ("%s redirects to %s without encryption, which could change the files; "
                  + "nothing was downloaded.")
              .formatted(from.getHost(), to.getHost()));
    }
    return to;
  }

  private static boolean sameOrigin(URI a, URI b) {
    return a.getScheme().equalsIgnoreCase(b.getScheme())
        && a.getHost().equalsIgnoreCase(b.getHost())
        && port(a) == port(b);
  }

  private static int port(URI uri) {
    return uri.getPort() >= 0
        ? uri.getPort()
        : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }

  /** State of a body's transfer, shared by the client's thread and the waiting thread. */
  private static final class Transfer {
    private final Receiver receiver;
    private long touched = System.nanoTime();
    private boolean over;
    private Optional<Exception> failure = Optional.empty();

    Transfer(Receiver receiver) {
      this.receiver = receiver;
    }

    synchronized void begin(int status, HttpHeaders headers) {
      guarded(() -> receiver.begin(status, headers));
    }

    synchronized void accept(byte[] bytes) {
      guarded(() -> receiver.accept(bytes));
    }

    private interface Step {
      void run() throws IOException;
    }

    private void guarded(Step step) {
      touched = System.nanoTime();
      if (over || failure.isPresent()) {
        return;
      }
      try {
        step.run();
      } catch (IOException | RuntimeException e) {
        failure = Optional.of(e);
      }
    }

    synchronized void throwFailure() throws IOException {
      if (failure.isPresent()) {
        if (failure.get() instanceof IOException e) {
          throw e;
        }
        throw (RuntimeException) failure.get();
      }
    }

    synchronized boolean silentFor(Duration time) {
      return System.nanoTime() - touched > time.toNanos();
    }

    /** Ends the transfer: nothing more reaches the receiver. */
    synchronized void end() {
      over = true;
    }
  }

  private HttpResponse<Void> exchange(HttpRequest request, Receiver receiver) throws IOException {
    String host = request.uri().getHost();
    Transfer transfer = new Transfer(receiver);
    CompletableFuture<HttpResponse<Void>> future =
        client.sendAsync(
            request,
            info -> {
              if (info.statusCode() != 200 && info.statusCode() != 206) {
                return BodySubscribers.discarding();
              }
              transfer.begin(info.statusCode(), info.headers());
              return BodySubscribers.ofByteArrayConsumer(b -> b.ifPresent(transfer::accept));
            });
    try {
      while (true) {
        try {
          HttpResponse<Void> response = future.get(50, TimeUnit.MILLISECONDS);
          transfer.throwFailure();
          return response;
        } catch (InterruptedException e) {
          throw new WorkInterruptedException(e);
        } catch (TimeoutException e) {
          transfer.throwFailure();
          if (transfer.silentFor(stall)) {
            throw new TransientException(
                host + " has sent nothing for " + stall.toSeconds() + " s");
          }
        } catch (ExecutionException e) {
          transfer.throwFailure();
          String why = e.getCause().getMessage();
          throw new TransientException(
              "the connection to %s broke or could not be made (%s)"
                  .formatted(host, why == null ? e.getCause().getClass().getSimpleName() : why));
        }
      }
    } finally {
      transfer.end();
      future.cancel(true);
    }
  }

  private static Optional<Duration> parseWait(String text) {
    try {
      Duration wait =
          text.strip().matches("\\d{1,9}")
              ? Duration.ofSeconds(Long.parseLong(text.strip()))
              : Duration.between(
                  ZonedDateTime.now(ZoneOffset.UTC),
                  ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME));
      return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
