/**
 * The formats of model files: what reads, writes and checks them is found on the class path, see
 * {@link io.github.deepxray.core.format.ModelFormat}.
 */
package io.github.deepxray.core.format;
