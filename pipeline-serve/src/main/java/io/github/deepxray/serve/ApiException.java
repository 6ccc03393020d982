package io.github.deepxray.serve;

/** Exception for a request that is answered with an error. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Value of the header Retry-After, in seconds. */
  static final int RETRY_AFTER = 1;

  /** Maximum length of a message. */
  private static final int MAX_LENGTH = 1000;

  private final int status;

  ApiException(int status, String message) {
    // Caused by clients: a stack trace is useless and costs time under load.
    super(line(message), null, false, false);
    this.status = status;
  }

  /** Returns a message as one line of limited length, because it may contain names from clients. */
  private static String line(String message) {
    String line = message.replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "...";
  }

  static ApiException badRequest(String message) {
    return new ApiException(400, message);
  }

  static ApiException notFound(String message) {
    return new ApiException(404, message);
  }

  static ApiException tooLarge(long limit) {
    return new ApiException(
        413,
        "The request is larger than the %s bytes allowed; send fewer or smaller images."
            .formatted(limit));
  }

  static ApiException tooManyImages(int limit) {
    return badRequest("The request has more than " + limit + " images; send 1 to " + limit + ".");
  }

  static ApiException queueFull() {
    return new ApiException(429, "The queue is full; try again later.");
  }

  static ApiException unavailable(String message) {
    return new ApiException(503, message);
  }

  /** HTTP status code. */
  int status() {
    return status;
  }

  /** Whether the same request may succeed later. */
  boolean temporary() {
    return status == 429 || status == 503;
  }
}
