/** Arithmetic of stored values. */
package io.github.deepxray.core.internal.weights;
