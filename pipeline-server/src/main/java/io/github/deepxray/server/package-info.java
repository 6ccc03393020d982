/** The runnable server: the options of {@code serve} on a command line, and its program. */
package io.github.deepxray.server;
