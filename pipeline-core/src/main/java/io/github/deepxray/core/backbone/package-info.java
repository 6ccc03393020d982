/**
 * Backbones: the networks that turn an image into a feature vector. A library offers a family of
 * them as a {@link java.util.ServiceLoader service} of {@link
 * io.github.deepxray.core.backbone.BackboneProvider}.
 */
package io.github.deepxray.core.backbone;
