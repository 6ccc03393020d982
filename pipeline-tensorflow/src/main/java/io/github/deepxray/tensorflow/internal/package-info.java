/** The network as a TensorFlow graph, the engine that runs it, and SavedModels. */
package io.github.deepxray.tensorflow.internal;
