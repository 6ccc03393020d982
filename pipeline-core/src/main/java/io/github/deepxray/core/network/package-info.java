/** Networks as immutable values: layers over named tensors, with weights and quantization. */
package io.github.deepxray.core.network;
