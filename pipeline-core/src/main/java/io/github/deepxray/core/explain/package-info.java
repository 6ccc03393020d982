/** Showing what in an image a model's decision rests on. */
package io.github.deepxray.core.explain;
