/**
 * How good a binary classifier is, and how sure that is: metrics, thresholds and bootstrap
 * intervals, in plain Java.
 */
package io.github.deepxray.core.metrics;
