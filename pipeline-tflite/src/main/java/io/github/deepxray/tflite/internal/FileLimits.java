package io.github.deepxray.tflite.internal;

import java.util.Optional;

/**
 * Adds up what a run of a file takes, and says when that is beyond what any classifier of images
 * needs: EfficientNetB7 at 600 pixels has 37 billion multiply-adds and less than a gigabyte.
 */
final class FileLimits {
  /** About half a minute of TFLite's own kernels, some seconds of XNNPACK. */
  static final double MULTIPLY_ADDS = 1e11;

  /** Beside what the file itself may be good for. */
  static final double BYTES = 1L << 30;

  /** Weights of one byte are four as floats, and kernels want their own copy. */
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

  /** Takes away a tensor that nothing reads any more. */
  void release(FileTensor tensor) {
    held -= tensor.bytes();
  }

  /** Adds an operator; what it writes is held already. */
  void run(FileOperator operator) {
    multiplyAdds += operator.multiplyAdds();
    for (FileTensor tensor : operator.outputs()) {
      multiplyAdds += tensor.elements();
    }
    packed += operator.packed();
    most = Math.max(most, held + operator.workspace());
  }

  /** What is beyond the limits, if anything is. */
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
