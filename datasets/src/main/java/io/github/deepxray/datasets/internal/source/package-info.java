/**
 * Where images come from: a zip archive, read without unpacking it, or a folder. Both are taken for
 * hostile until they are found not to be.
 */
package io.github.deepxray.datasets.internal.source;
