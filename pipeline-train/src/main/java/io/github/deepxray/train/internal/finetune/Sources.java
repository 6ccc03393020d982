package io.github.deepxray.train.internal.finetune;

/**
 * The examples that the trained part of a classifier reads.
 *
 * @param cut the tensor that they are values of
 * @param train those of the training split
 * @param validation those of the validation split
 * @param computed how many of them were computed; the others came from the cache
 * @param seconds how long that took
 */
record Sources(String cut, Source train, Source validation, long computed, double seconds) {
  /** How many were computed in a second; NaN if none was. */
  double perSecond() {
    return computed == 0 ? Double.NaN : computed / seconds;
  }
}
