/** Pages that stand alone: the report of a bundle with its charts, and comparisons. */
package io.github.deepxray.export.report;
