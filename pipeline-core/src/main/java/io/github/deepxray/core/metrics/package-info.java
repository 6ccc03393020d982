/**
 * Metrics of classifiers with bootstrap intervals, and decision rules, in plain Java. Everything
 * works with two or more classes.
 */
package io.github.deepxray.core.metrics;
