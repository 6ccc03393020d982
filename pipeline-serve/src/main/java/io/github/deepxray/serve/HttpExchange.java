package io.github.deepxray.serve;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * HTTP request with its answer, which is sent once. The rest of the request's body is read and
 * discarded before the connection is closed, because a client that is still sending would not
 * receive the answer.
 */
final class HttpExchange implements WorkerPool.Reply {
  static final String JSON = "application/json";

  /** Maximum seconds of reading and discarding a body. */
  private static final int DISCARD_SECONDS = 5;

  private final Request request;
  private final Response response;
  private final Callback callback;
  private final ScheduledExecutorService clock;
  private final Metrics metrics;
  private final AtomicBoolean answered = new AtomicBoolean();
  private final AtomicBoolean completed = new AtomicBoolean();

  /** Whether the body needs no more reading. */
  private volatile boolean bodyRead;

  private volatile String route = "other";

  HttpExchange(
      Request request,
      Response response,
      Callback callback,
      ScheduledExecutorService clock,
      Metrics metrics) {
    this.request = request;
    this.response = response;
    this.callback = callback;
    this.clock = clock;
    this.metrics = metrics;
  }

  /** Sets the route for metrics. */
  void route(String name) {
    route = name;
  }

  /** HTTP method. */
  String method() {
    return request.getMethod();
  }

  /** Encoded path, without the query. */
  String path() {
    String path = request.getHttpURI().getPath();
    return path == null ? "" : path;
  }

  /** Requested host, without port. */
  String host() {
    String name = Request.getServerName(request);
    return name == null ? "" : name.toLowerCase(Locale.ROOT);
  }

  /** Request headers. */
  HttpFields headers() {
    return request.getHeaders();
  }

  /** Mutable headers of the answer. */
  HttpFields.Mutable answerHeaders() {
    return response.getHeaders();
  }

  /** Answers with an error. */
  @Override
  public void fail(ApiException error) {
    Map<String, String> headers =
        error.temporary()
            ? Map.of(HttpHeader.RETRY_AFTER.asString(), Integer.toString(ApiException.RETRY_AFTER))
            : Map.of();
    answer(error.status(), JSON, Bodies.error(error.getMessage()), headers);
  }

  /** Answers with JSON. */
  @Override
  public void answer(byte[] json) {
    answer(200, JSON, json, Map.of());
  }

  /** Sends an answer, unless one was sent before. */
  void answer(int status, String type, byte[] body, Map<String, String> headers) {
    if (!answered.compareAndSet(false, true)) {
      return;
    }
    response.setStatus(status);
    HttpFields.Mutable fields = response.getHeaders();
    fields.put(HttpHeader.CONTENT_TYPE, type);
    fields.put("X-Content-Type-Options", "nosniff");
    headers.forEach(fields::put);
    boolean head = method().equals("HEAD");
    fields.put(HttpHeader.CONTENT_LENGTH, body.length);
    boolean more = mayHaveBody() && !bodyRead;
    response.write(
        true,
        head ? ByteBuffer.allocate(0) : ByteBuffer.wrap(body),
        Callback.from(
            () -> {
              count(status);
              if (more) {
                discard();
              } else {
                complete();
              }
            },
            failure -> {
              count(status);
              if (completed.compareAndSet(false, true)) {
                callback.failed(failure);
              }
            }));
  }

  private void count(int status) {
    metrics.request(route, status, System.nanoTime() - request.getBeginNanoTime());
  }

  private boolean mayHaveBody() {
    return headers().contains(HttpHeader.TRANSFER_ENCODING)
        || headers().getLongField(HttpHeader.CONTENT_LENGTH) > 0;
  }

  private void complete() {
    if (completed.compareAndSet(false, true)) {
      callback.succeeded();
    }
  }

  private void discard() {
    Future<?> end = clock.schedule(this::complete, DISCARD_SECONDS, TimeUnit.SECONDS);
    new Runnable() {
      @Override
      public void run() {
        while (!completed.get()) {
          Content.Chunk chunk = request.read();
          if (chunk == null) {
            request.demand(this);
            return;
          }
          boolean last = chunk.isLast() || Content.Chunk.isFailure(chunk);
          chunk.release();
          if (last) {
            end.cancel(false);
            complete();
          }
        }
      }
    }.run();
  }

  /**
   * Reads the whole body. A failure is answered with an error.
   *
   * @param limit maximum number of bytes
   * @param milliseconds time limit for the client
   * @param budget memory budget of all bodies; the share is released after the answer
   * @param then receives the body
   */
  void read(int limit, long milliseconds, MemoryBudget budget, Consumer<byte[]> then) {
    if (request.getLength() > limit) {
      fail(ApiException.tooLarge(limit));
      return;
    }
    MemoryBudget.Share share = budget.share();
    Request.addCompletionListener(request, failure -> share.close());
    Reader reader = new Reader(limit, share, then);
    reader.timeout =
        clock.schedule(() -> reader.end(this::tooSlow), milliseconds, TimeUnit.MILLISECONDS);
    reader.run();
  }

  private void tooSlow() {
    // The reader may be waiting for data, and only one reader may wait.
    bodyRead = true;
    answerHeaders().put(HttpHeader.CONNECTION, "close");
    fail(new ApiException(408, "The request came too slowly."));
  }

  /** Asynchronous reader of the body. */
  private final class Reader implements Runnable {
    private static final int FIRST = 1 << 13;

    private final int limit;
    private final MemoryBudget.Share share;
    private final Consumer<byte[]> then;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile Future<?> timeout;
    private byte[] bytes = new byte[0];
    private int count;

    Reader(int limit, MemoryBudget.Share share, Consumer<byte[]> then) {
      this.limit = limit;
      this.share = share;
      this.then = then;
    }

    void end(Runnable what) {
      if (ended.compareAndSet(false, true)) {
        Future<?> alarm = timeout;
        if (alarm != null) {
          alarm.cancel(false);
        }
        what.run();
      }
    }

    @Override
    public void run() {
      while (!ended.get()) {
        Content.Chunk chunk = request.read();
        if (chunk == null) {
          request.demand(this);
          return;
        }
        if (Content.Chunk.isFailure(chunk)) {
          Throwable failure = chunk.getFailure();
          end(
              failure instanceof TimeoutException
                  ? HttpExchange.this::tooSlow
                  : () -> abandon(failure));
          return;
        }
        boolean last = chunk.isLast();
        Optional<ApiException> refusal = append(chunk.getByteBuffer());
        chunk.release();
        if (refusal.isPresent()) {
          end(() -> fail(refusal.get()));
        } else if (last) {
          end(
              () -> {
                bodyRead = true;
                then.accept(count == bytes.length ? bytes : Arrays.copyOf(bytes, count));
              });
        }
      }
    }

    private Optional<ApiException> append(ByteBuffer part) {
      int length = part.remaining();
      if (length > limit - count) {
        return Optional.of(ApiException.tooLarge(limit));
      }
      if (count + length > bytes.length) {
        // Do not reserve more than twice the received bytes, whatever the Content-Length header is.
        long announced = request.getLength();
        long size = Math.max(FIRST, 2L * (count + length));
        size = Math.min(announced >= count + length ? Math.min(size, announced) : size, limit);
        if (!share.grow(size - bytes.length)) {
          return Optional.of(
              ApiException.unavailable("The server is short of memory; try again later."));
        }
        bytes = Arrays.copyOf(bytes, (int) size);
      }
      part.get(bytes, count, length);
      count += length;
      return Optional.empty();
    }

    /** Ends a request whose client is gone or does not send HTTP. */
    private void abandon(Throwable failure) {
      if (answered.compareAndSet(false, true) && completed.compareAndSet(false, true)) {
        callback.failed(failure);
      }
    }
  }
}
