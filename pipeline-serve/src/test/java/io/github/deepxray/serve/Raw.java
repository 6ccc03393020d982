package io.github.deepxray.serve;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** A client that does not do what clients should. */
final class Raw implements AutoCloseable {
  private final Socket socket;

  Raw(ModelServer server) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(60_000);
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /** The next line that the server sends, without its end; empty at the end of all. */
  String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    InputStream in = socket.getInputStream();
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      line.append((char) b);
    }
    return line.toString().strip();
  }

  /** Everything that the server sends until it closes the connection. */
  String readToEnd() throws IOException {
    StringBuilder text = new StringBuilder();
    InputStream in = socket.getInputStream();
    try {
      for (int b = in.read(); b >= 0; b = in.read()) {
        text.append((char) b);
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the server leaves the connection open after: " + text, e);
    } catch (SocketException e) {
      // Closed while this side still sent.
      text.append("");
    }
    return text.toString();
  }

  /**
   * Sends a byte now and then until the server has enough of it.
   *
   * @param limit after how many bytes to give up
   * @return whether the server closed the connection
   */
  boolean trickle(String text, int limit, long pauseMilliseconds)
      throws IOException, InterruptedException {
    for (int i = 0; i < limit; i++) {
      try {
        send(text);
        if (socket.getInputStream().available() > 0) {
          return true;
        }
      } catch (SocketException e) {
        return true;
      }
      Thread.sleep(pauseMilliseconds);
    }
    return false;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
