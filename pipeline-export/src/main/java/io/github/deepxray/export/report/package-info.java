/** The report of a bundle as one page that stands alone: its sections and its charts. */
package io.github.deepxray.export.report;
