/**
 * HTTP server of a classifier: the REST interface of TensorFlow Serving 2, and a web page. Start
 * with {@link io.github.deepxray.serve.ModelServer}.
 */
package io.github.deepxray.serve;
