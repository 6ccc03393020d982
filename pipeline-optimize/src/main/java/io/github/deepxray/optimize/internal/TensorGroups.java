package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Network;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Groups of tensors that are read from one run of a network, so that memory is bounded. */
public final class TensorGroups {
  private TensorGroups() {}

  /**
   * The tensors in their order, in groups of at most so many values; a larger tensor is alone.
   *
   * @param tensors names of tensors of the network
   * @param valuesAtOnce the most values of a group
   */
  public static List<List<String>> of(
      Network network, Collection<String> tensors, long valuesAtOnce) {
    List<List<String>> groups = new ArrayList<>();
    long values = 0;
    for (String tensor : tensors) {
      long size = network.size(tensor);
      if (groups.isEmpty() || values + size > valuesAtOnce) {
        groups.add(new ArrayList<>());
        values = 0;
      }
      groups.get(groups.size() - 1).add(tensor);
      values += size;
    }
    return groups;
  }
}
