package io.github.deepxray.keras.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Weights;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Reads weights from Keras' HDF5 files: {@code .h5} of Keras 2 and {@code keras.applications},
 * {@code .weights.h5} of Keras 3, whole models in {@code .h5}, and {@code .keras} archives.
 */
public final class KerasHdf5 {
  private KerasHdf5() {}

  /**
   * Reads the weights of a network; other content is ignored.
   *
   * <p>Values may be contiguous or in chunks, plain or compressed by {@code deflate} with or
   * without {@code shuffle}; other filters are rejected. So are truncated files, files with
   * references outside, and archives that decompress to many times their size.
   *
   * <p>Layers are found by name. Files of Keras 3 before 3.6 other than {@code .keras} archives
   * have no names: there, the n-th layer of a class is the network's n-th in Keras' order, and the
   * number of convolutions must match.
   *
   * @param file the HDF5 file or {@code .keras} archive
   * @param network the network of the weights
   * @throws DeepXrayException if the file is none of these, a tensor is missing, has another shape
   *     or a value that is not finite; the message names the file and the tensor
   * @throws IOException if the file cannot be read
   */
  public static Weights read(Path file, Network network) throws IOException {
    return KerasFile.open(file, keras -> keras.read(network));
  }
}
