/** Inference engines: a common interface to the libraries that run models. */
package io.github.deepxray.core.engine;
