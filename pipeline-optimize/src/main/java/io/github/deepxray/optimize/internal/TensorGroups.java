package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Network;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Groups of tensors that are read in one run of a network, to limit memory. */
public final class TensorGroups {
  private TensorGroups() {}

  /**
   * Splits tensors, in order, into groups of a limited number of values; a larger tensor forms its
   * own group.
   *
   * @param tensors names of tensors of the network
   * @param valuesAtOnce the largest number of values of a group
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
