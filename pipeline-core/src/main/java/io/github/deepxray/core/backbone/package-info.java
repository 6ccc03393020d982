/**
 * Backbones: networks that compute the feature vector of an image. A library provides a family of
 * backbones as a {@link java.util.ServiceLoader service} of {@link
 * io.github.deepxray.core.backbone.BackboneProvider}.
 */
package io.github.deepxray.core.backbone;
