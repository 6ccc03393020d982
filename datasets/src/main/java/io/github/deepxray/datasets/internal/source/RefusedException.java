package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.core.DeepXrayException;

/**
 * Thrown if an archive or folder is malicious or suspicious; nothing of it is used. The message
 * contains the entry.
 */
public final class RefusedException extends DeepXrayException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception from its one-line message. */
  public RefusedException(String message) {
    super(message);
  }
}
