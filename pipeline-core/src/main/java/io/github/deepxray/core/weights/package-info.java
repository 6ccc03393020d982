/** Weights as immutable tensors, and the files they are read from and written to. */
package io.github.deepxray.core.weights;
