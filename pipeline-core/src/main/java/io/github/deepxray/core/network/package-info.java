/** Networks as values: layers over named tensors, and the builders that make them. */
package io.github.deepxray.core.network;
