package io.github.deepxray.serve;

/** A place between two steps of the work on a request, where it may be given up. */
@FunctionalInterface
interface Checkpoint {
  /**
   * Returns if the work goes on.
   *
   * @throws ApiException if the request's time is up or the server ends
   */
  void pass();
}
