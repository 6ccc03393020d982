/** Weights as immutable tensors, and their files. */
package io.github.deepxray.core.weights;
