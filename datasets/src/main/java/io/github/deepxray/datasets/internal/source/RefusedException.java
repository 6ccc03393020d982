package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.core.DeepXrayException;

/**
 * An archive or folder is made to do harm, or looks like it: nothing of it is used. The message
 * names the entry.
 */
public final class RefusedException extends DeepXrayException {
  private static final long serialVersionUID = 1L;

  /** Creates the refusal from its one-line message. */
  public RefusedException(String message) {
    super(message);
  }
}
