/**
 * The report and the model card of a bundle, and comparisons of bundles and experiments. Pages
 * stand alone, without scripts; the same values give the same bytes. Templates in {@code
 * src/main/jte} say how they look; classes here say what they show.
 */
package io.github.deepxray.report.internal;
