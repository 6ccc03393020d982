package io.github.deepxray.core.format;

import java.util.List;

/**
 * What an export tells the format that writes a model.
 *
 * @param name what the model is called, also where it is served
 * @param description what the model is for, in some sentences
 * @param image what the images show, in a sentence; they are RGB with values 0..255
 * @param outputs what comes out, in the order of the network's outputs
 * @param classes the names of the classes by label
 * @param sparse whether kernels that are mostly zeros are stored without them, if the format can
 */
public record ModelNotes(
    String name,
    String description,
    String image,
    List<Output> outputs,
    List<String> classes,
    boolean sparse) {
  /**
   * What comes out.
   *
   * @param name of the network's output
   * @param description what it means, in a sentence
   */
  public record Output(String name, String description) {}

  /** Copies the lists. */
  public ModelNotes {
    outputs = List.copyOf(outputs);
    classes = List.copyOf(classes);
  }
}
