/** How a model is quantized: values that YAML files hold. */
package io.github.deepxray.optimize.quantize;
