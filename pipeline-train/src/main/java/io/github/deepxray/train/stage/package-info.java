/** The surroundings of a stage, and the listeners to its epochs. */
package io.github.deepxray.train.stage;
