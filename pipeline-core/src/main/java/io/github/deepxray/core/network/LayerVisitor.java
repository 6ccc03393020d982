package io.github.deepxray.core.network;

/**
 * Something that is said of each kind of {@link Layer}, such as how it is computed. Whoever must
 * know all kinds implements it.
 *
 * @param <R> what is said
 */
public interface LayerVisitor<R> {
  /** Says it of this layer. */
  R visit(Layer.Rescaling layer);

  /** Says it of this layer. */
  R visit(Layer.Normalization layer);

  /** Says it of this layer. */
  R visit(Layer.Conv2D layer);

  /** Says it of this layer. */
  R visit(Layer.DepthwiseConv2D layer);

  /** Says it of this layer. */
  R visit(Layer.BatchNormalization layer);

  /** Says it of this layer. */
  R visit(Layer.Activation layer);

  /** Says it of this layer. */
  R visit(Layer.GlobalAveragePooling2D layer);

  /** Says it of this layer. */
  R visit(Layer.Multiply layer);

  /** Says it of this layer. */
  R visit(Layer.Add layer);

  /** Says it of this layer. */
  R visit(Layer.Dense layer);

  /** Says it of this layer. */
  R visit(Layer.Dropout layer);
}
