/**
 * Formats of model files. The class path provides the formats that read, check and write them, see
 * {@link io.github.deepxray.core.format.ModelFormat}.
 */
package io.github.deepxray.core.format;
