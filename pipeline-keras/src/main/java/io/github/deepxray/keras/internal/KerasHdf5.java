package io.github.deepxray.keras.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Weights;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Reads weights that Keras saved in HDF5: {@code .h5} of Keras 2 and {@code keras.applications},
 * {@code .weights.h5} of Keras 3, whole models in {@code .h5}, and {@code .keras} archives.
 */
public final class KerasHdf5 {
  private KerasHdf5() {}

  /**
   * Reads the weights that a network needs; what else the file holds is ignored.
   *
   * <p>Values lie in one piece or in chunks, plain or packed by {@code deflate} with or without
   * {@code shuffle}; other filters are refused. So is a file that is cut off or refers to more than
   * it holds, and an archive that unpacks to many times its size.
   *
   * <p>Layers are found by their names. Files of Keras 3 before 3.6 that are no {@code .keras}
   * archives have none: there, the n-th layer of a class is the network's n-th in Keras' order, and
   * the number of convolutions has to be the network's.
   *
   * @param file the HDF5 file or {@code .keras} archive
   * @param network the network whose weights it should hold
   * @throws DeepXrayException if the file is none of these, a tensor is missing, has another shape
   *     or holds a value that is not finite; the message names the file and the tensor
   * @throws IOException if the file cannot be read
   */
  public static Weights read(Path file, Network network) throws IOException {
    return KerasFile.open(file, keras -> keras.read(network));
  }
}
