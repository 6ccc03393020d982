/** Options of quantization, read from YAML files. */
package io.github.deepxray.optimize.quantize;
