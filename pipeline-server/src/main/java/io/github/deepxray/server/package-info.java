/** Server program and the options of {@code serve}. */
package io.github.deepxray.server;
