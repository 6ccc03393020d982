/**
 * Report and model card of a bundle, and comparisons of bundles and experiments. Pages are
 * self-contained, without scripts, and reproducible. Templates in {@code src/main/jte} define the
 * layout; classes of this package define the content.
 */
package io.github.deepxray.report.internal;
