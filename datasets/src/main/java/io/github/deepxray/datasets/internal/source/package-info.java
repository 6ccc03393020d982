/**
 * Reading of image sources: a zip archive, without unpacking, or a folder. Both are untrusted and
 * checked.
 */
package io.github.deepxray.datasets.internal.source;
