package io.github.deepxray.train.internal.finetune;

/**
 * Inputs of the trained part of a classifier.
 *
 * @param cut input tensor of the trained part
 * @param train inputs of the training split
 * @param validation inputs of the validation split
 * @param computed number of computed inputs; the others came from the cache
 * @param seconds seconds of the computation
 */
record Sources(String cut, Source train, Source validation, long computed, double seconds) {
  /** Computed inputs per second; NaN if none was computed. */
  double perSecond() {
    return computed == 0 ? Double.NaN : computed / seconds;
  }
}
