/**
 * What every other module builds on, free of native code: the network and its weights, image
 * decoding, the engine contract, metrics and artifact files.
 *
 * <p>Start with {@link io.github.deepxray.core.network.Network}; {@link
 * io.github.deepxray.core.network.EfficientNet} builds the one this project is about.
 */
package io.github.deepxray.core;
