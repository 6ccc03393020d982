/**
 * The stage that makes smaller and faster forms of a classifier: ranges are measured, heads trained
 * anew and thresholds chosen on the data set it was trained on.
 */
package io.github.deepxray.train.internal.quantize;
