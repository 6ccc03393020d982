/** TensorFlow: networks as graphs, engines and SavedModels. */
package io.github.deepxray.tensorflow.internal;
