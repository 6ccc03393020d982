package io.github.deepxray.core.format;

import io.github.deepxray.core.image.Fit;
import java.util.List;

/**
 * Metadata that export passes to the format that writes a model.
 *
 * @param name the model's name, also in serving
 * @param description the purpose of the model, some sentences
 * @param image the content of the input images, one sentence; images are RGB with values 0..255
 * @param fit how an image of another shape becomes the input
 * @param outputs the outputs, in the order of the network's outputs
 * @param classes the names of the classes by label
 * @param sparse whether kernels that are mostly zeros are stored in sparse form, if the format
 *     supports it
 */
public record ModelNotes(
    String name,
    String description,
    String image,
    Fit fit,
    List<Output> outputs,
    List<String> classes,
    boolean sparse) {
  /**
   * Name of the second output of a classifier with an input guard: a score {@code [1]}, 0..1, of
   * how unlike the training images an input is.
   */
  public static final String UNFAMILIARITY = "unfamiliarity";

  /**
   * Description of an output.
   *
   * @param name the name of the network's output
   * @param description the meaning of the output, one sentence
   */
  public record Output(String name, String description) {}

  /** Copies the lists. */
  public ModelNotes {
    outputs = List.copyOf(outputs);
    classes = List.copyOf(classes);
  }
}
