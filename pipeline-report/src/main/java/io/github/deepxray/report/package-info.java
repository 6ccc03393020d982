/**
 * The report and the model card of a bundle, and comparisons of bundles and experiments. Pages
 * stand alone, without scripts; the same values give the same bytes.
 */
package io.github.deepxray.report;
