/** The {@code deepxray} command line. */
package io.github.deepxray.cli;
