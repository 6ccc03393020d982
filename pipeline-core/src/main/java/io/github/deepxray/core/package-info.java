/**
 * What every other module builds on, free of native code: the network and its weights, image
 * decoding, the engine contract, metrics and artifact files.
 *
 * <p>Start with {@link io.github.deepxray.core.network.Network}; {@link
 * io.github.deepxray.core.backbone.Backbones} finds those that are trained.
 */
package io.github.deepxray.core;
