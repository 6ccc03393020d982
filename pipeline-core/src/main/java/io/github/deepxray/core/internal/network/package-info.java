/** Computational cost of networks. */
package io.github.deepxray.core.internal.network;
