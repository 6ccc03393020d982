/**
 * Feature vectors of a frozen backbone: every image goes through it once, and the result is kept on
 * disk.
 */
package io.github.deepxray.train.internal.embedding;
