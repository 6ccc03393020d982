package io.github.deepxray.core.backbone;

import java.util.List;

/**
 * Layer names of an inverted residual block with expansion (Sandler et al. 2018, "MobileNetV2:
 * Inverted Residuals and Linear Bottlenecks") and squeeze-and-excitation (Hu et al. 2018).
 *
 * @param name the name of the block
 * @param expand the 1x1 expansion convolution
 * @param depthwise the depthwise convolution
 * @param activation the output of the depthwise part, before squeeze-and-excitation
 * @param reduce the first convolution of squeeze-and-excitation
 * @param excite the second convolution of squeeze-and-excitation
 * @param gated the gated channels, the input of the projection
 * @param project the 1x1 projection convolution
 * @param normalizations the batch normalizations of expanded channels; a folded network has none
 */
public record ExpansionBlock(
    String name,
    String expand,
    String depthwise,
    String activation,
    String reduce,
    String excite,
    String gated,
    String project,
    List<String> normalizations) {
  /** Copies the list. */
  public ExpansionBlock {
    normalizations = List.copyOf(normalizations);
  }
}
