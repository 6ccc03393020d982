package io.github.deepxray.datasets;

import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import java.io.IOException;
import java.util.concurrent.Semaphore;

/** Limits the number of pixels that threads decode in parallel, and so the memory. */
final class PixelBudget {
  /** Bytes per pixel: the decoder's raster, the RGB copy and room for the garbage collector. */
  private static final int BYTES_PER_PIXEL = 16;

  private static final int UNIT = 1 << 16;

  private final int units;
  private final Semaphore free;

  PixelBudget(long maxMemory) {
    units = (int) Math.max(1, Math.min(1 << 20, maxMemory / BYTES_PER_PIXEL / UNIT));
    // Fair: small images must not starve a large one.
    free = new Semaphore(units, true);
  }

  /** Runs work on an image when there is room for its pixels. */
  <R> R with(long pixels, OrderedWork.Step<Long, R> work) throws IOException {
    int need = (int) Math.min(units, pixels / UNIT + 1);
    try {
      free.acquire(need);
    } catch (InterruptedException e) {
      throw new WorkInterruptedException(e);
    }
    try {
      return work.apply(pixels);
    } finally {
      free.release(need);
    }
  }
}
