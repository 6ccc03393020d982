/**
 * Core of the library, without native code: networks and weights, image decoding, inference
 * engines, metrics and model formats.
 *
 * <p>Start with {@link io.github.deepxray.core.network.Network}; {@link
 * io.github.deepxray.core.backbone.Backbones} finds pretrained architectures.
 */
package io.github.deepxray.core;
