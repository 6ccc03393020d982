package io.github.deepxray.serve;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Request;

/**
 * Closes connections on which the headers of a request come too slowly. Jetty closes those on which
 * nothing comes at all; a client that sends a byte now and then would keep one for ever.
 */
final class ConnectionWatch implements Connection.Listener {
  private final long timeoutNanos;
  private final Map<Connection, Progress> open = new ConcurrentHashMap<>();

  ConnectionWatch(long timeoutMilliseconds) {
    timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMilliseconds);
  }

  /** Where a connection is. */
  private static final class Progress {
    private boolean inRequest;

    /** How many bytes had come when the last request was over. */
    private long bytes;

    /** When bytes of the next request were seen first. */
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

  /** Says that the headers of a request are complete. */
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

  /** Looks at all connections; to be called now and then. */
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
