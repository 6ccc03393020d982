package io.github.deepxray.core.weights;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.jhdf.HdfFile;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads weights that Keras saved in HDF5 ({@code .h5}), the layout of {@code save_weights} in Keras
 * 2 and of {@code keras.applications}: {@code <layer>/<layer>/<variable>:0}.
 */
public final class KerasHdf5 {
  /** Links can make groups contain themselves. */
  private static final int MAX_DEPTH = 16;

  private KerasHdf5() {}

  /**
   * Reads the weights that a network needs; what else the file holds is ignored.
   *
   * @param file the HDF5 file
   * @param network the network whose weights it should hold
   * @throws DeepXrayException if the file is not HDF5, a tensor is missing, has another shape or
   *     holds a value that is not finite; the message names the file and the tensor
   * @throws IOException if the file cannot be read
   */
  public static Weights read(Path file, Network network) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file.toString(), null, "no such weights file");
    }
    try (HdfFile hdf = new HdfFile(file)) {
      Map<String, Dataset> datasets = new HashMap<>();
      collect(hdf, datasets, MAX_DEPTH);
      Weights.Builder weights = Weights.builder();
      for (WeightSpec spec : network.weightSpecs()) {
        weights.put(spec.name(), tensor(file, network, spec, datasets.get(spec.name())));
      }
      return weights.build();
    } catch (DeepXrayException e) {
      throw e;
    } catch (RuntimeException e) {
      // Besides its own exception, jHDF answers damaged data with other unchecked ones.
      throw new DeepXrayException(
          file + " cannot be read as a Keras HDF5 file (" + e.getMessage() + "); give a .h5 file.",
          e);
    }
  }

  private static void collect(Group group, Map<String, Dataset> datasets, int depth) {
    if (depth == 0) {
      throw new IllegalStateException("its groups are nested too deeply");
    }
    for (Node node : group) {
      if (node instanceof Group child) {
        collect(child, datasets, depth - 1);
      } else if (node instanceof Dataset dataset) {
        // .../<layer>/<variable>:0
        String[] path = dataset.getPath().split("/", -1);
        if (path.length >= 3) {
          String variable = path[path.length - 1].replaceFirst(":\\d+$", "");
          datasets.put(path[path.length - 2] + "/" + variable, dataset);
        }
      }
    }
  }

  private static FloatTensor tensor(Path file, Network network, WeightSpec spec, Dataset dataset) {
    if (dataset == null) {
      throw new DeepXrayException(
          file
              + " has no tensor "
              + spec.name()
              + " "
              + spec.shape()
              + ", which "
              + network.name()
              + " needs; give weights saved from this architecture.");
    }
    List<Integer> shape = Arrays.stream(dataset.getDimensions()).boxed().toList();
    if (!shape.equals(spec.shape())) {
      throw new DeepXrayException(
          file
              + ": tensor "
              + spec.name()
              + " has shape "
              + shape
              + ", but "
              + network.name()
              + " needs "
              + spec.shape()
              + "; give weights saved from this architecture.");
    }
    Object flat = dataset.getDataFlat();
    if (!(flat instanceof float[] values)) {
      throw new DeepXrayException(
          file
              + ": tensor "
              + spec.name()
              + " holds "
              + dataset.getJavaType()
              + " values, not 32-bit floats.");
    }
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new DeepXrayException(
            file
                + ": tensor "
                + spec.name()
                + " "
                + spec.shape()
                + " holds "
                + values[i]
                + " at index "
                + i
                + "; the file is damaged or its training diverged.");
      }
    }
    return FloatTensor.of(values, spec.shape());
  }
}
