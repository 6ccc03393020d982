package io.github.deepxray.report;

/**
 * How fast a model is.
 *
 * @param milliseconds the median time of one image on one thread
 * @param speedup how many times as fast as what it is compared with, measured in turns with it
 */
public record ModelSpeed(double milliseconds, double speedup) {}
