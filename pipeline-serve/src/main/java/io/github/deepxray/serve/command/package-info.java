/** The options of the server on a command line, and the program of the small distribution. */
package io.github.deepxray.serve.command;
