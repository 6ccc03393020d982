/** Figures of a network: how much it computes. */
package io.github.deepxray.core.internal.network;
