/** Results of experiments for pages and tables. */
package io.github.deepxray.report;
