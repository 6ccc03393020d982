package io.github.deepxray.tflite.internal;

import java.util.Optional;

/**
 * Sums the work and memory of a run of a file and compares them with limits for image classifiers:
 * EfficientNetB7 at 600 pixels has 37 billion multiply-adds and less than a gigabyte.
 */
final class FileLimits {
  /** About half a minute with TFLite's own kernels, some seconds with XNNPACK. */
  static final double MULTIPLY_ADDS = 1e11;

  /** In addition to the memory for the weights of the file. */
  static final double BYTES = 1L << 30;

  /** A weight of one byte needs four bytes as a float, and kernels keep their own copy. */
  static final double BYTES_PER_BYTE = 8;

  private final double allowed;
  private double multiplyAdds;
  private double packed;
  private double held;
  private double most;

  FileLimits(long fileSize) {
    this.allowed = BYTES + BYTES_PER_BYTE * fileSize;
  }

  /** Adds a tensor that holds values from now on. */
  void hold(FileTensor tensor) {
    held += tensor.bytes();
    most = Math.max(most, held);
  }

  /** Removes a tensor that is no longer read. */
  void release(FileTensor tensor) {
    held -= tensor.bytes();
  }

  /** Adds an operator, whose outputs are already added. */
  void run(FileOperator operator) {
    multiplyAdds += operator.multiplyAdds();
    for (FileTensor tensor : operator.outputs()) {
      multiplyAdds += tensor.elements();
    }
    packed += operator.packed();
    most = Math.max(most, held + operator.workspace());
  }

  /** Describes the exceeded limit, if any. */
  Optional<String> exceeded() {
    if (multiplyAdds > MULTIPLY_ADDS) {
      return Optional.of("takes more than " + (long) (MULTIPLY_ADDS / 1e9) + "e9 multiply-adds");
    }
    if (most + packed > allowed) {
      return Optional.of("takes more than " + ((long) allowed >> 20) + " MiB of memory");
    }
    return Optional.empty();
  }
}
