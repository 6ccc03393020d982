/**
 * How good a classifier is, and how sure that is: metrics, decisions and bootstrap intervals, in
 * plain Java. All is for two classes or more.
 */
package io.github.deepxray.core.metrics;
