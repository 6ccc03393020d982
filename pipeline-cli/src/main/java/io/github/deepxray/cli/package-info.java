/** The {@code deepxray} command line: the only place that prints and exits. */
package io.github.deepxray.cli;
