/** Execution context of stages, and listeners for epochs. */
package io.github.deepxray.train.stage;
