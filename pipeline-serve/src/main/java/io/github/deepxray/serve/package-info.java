/**
 * Serves a classifier over HTTP: the REST interface of TensorFlow Serving 2 for programs, a page
 * for people. {@link io.github.deepxray.serve.ModelServer} is where to start.
 */
package io.github.deepxray.serve;
