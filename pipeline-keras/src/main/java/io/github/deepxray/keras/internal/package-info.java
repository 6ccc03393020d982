/** Keras: reads weights from HDF5 and Keras files, and writes models as Keras archives. */
package io.github.deepxray.keras.internal;
