/** Weights in files of the safetensors format. */
package io.github.deepxray.core.internal.weights;
