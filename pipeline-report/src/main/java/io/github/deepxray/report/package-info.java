/** Results of experiments, which pages and tables show. */
package io.github.deepxray.report;
