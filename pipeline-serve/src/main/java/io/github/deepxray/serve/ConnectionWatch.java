package io.github.deepxray.serve;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Request;

/**
 * Closes connections whose request headers arrive too slowly. Jetty closes only idle connections; a
 * client that sends a byte from time to time would keep a connection open for ever.
 */
final class ConnectionWatch implements Connection.Listener {
  private final long timeoutNanos;
  private final Map<Connection, Progress> open = new ConcurrentHashMap<>();

  ConnectionWatch(long timeoutMilliseconds) {
    timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMilliseconds);
  }

  /** Progress of a connection. */
  private static final class Progress {
    private boolean inRequest;

    /** Number of received bytes at the end of the last request. */
    private long bytes;

    /** Time at which bytes of the next request were first seen. */
    private long since;

    private boolean begun;
  }

  @Override
  public void onOpened(Connection connection) {
    open.put(connection, new Progress());
  }

  @Override
  public void onClosed(Connection connection) {
    open.remove(connection);
  }

  /** Records that the headers of a request are complete. */
  void begin(Request request) {
    Connection connection = request.getConnectionMetaData().getConnection();
    Progress progress = open.get(connection);
    if (progress == null) {
      return;
    }
    synchronized (progress) {
      progress.inRequest = true;
      progress.begun = false;
    }
    Request.addCompletionListener(
        request,
        failure -> {
          synchronized (progress) {
            progress.inRequest = false;
            progress.bytes = connection.getBytesIn();
          }
        });
  }

  /** Checks all connections; to be called periodically. */
  void check() {
    long now = System.nanoTime();
    open.forEach(
        (connection, progress) -> {
          if (late(connection, progress, now)) {
            connection.getEndPoint().close();
          }
        });
  }

  private boolean late(Connection connection, Progress progress, long now) {
    synchronized (progress) {
      if (progress.inRequest || connection.getBytesIn() == progress.bytes) {
        return false;
      } else if (!progress.begun) {
        progress.begun = true;
        progress.since = now;
        return false;
      }
      return now - progress.since > timeoutNanos;
    }
  }
}
