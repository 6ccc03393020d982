package io.github.deepxray.core.network;

/**
 * Visitor of the kinds of {@link Layer}.
 *
 * @param <R> the result
 */
public interface LayerVisitor<R> {
  /** Visits a rescaling layer. */
  R visit(Layer.Rescaling layer);

  /** Visits a normalization layer. */
  R visit(Layer.Normalization layer);

  /** Visits a convolution. */
  R visit(Layer.Conv2D layer);

  /** Visits a depthwise convolution. */
  R visit(Layer.DepthwiseConv2D layer);

  /** Visits a batch normalization. */
  R visit(Layer.BatchNormalization layer);

  /** Visits an activation. */
  R visit(Layer.Activation layer);

  /** Visits a global average pooling layer. */
  R visit(Layer.GlobalAveragePooling2D layer);

  /** Visits a multiplication. */
  R visit(Layer.Multiply layer);

  /** Visits an addition. */
  R visit(Layer.Add layer);

  /** Visits a dense layer. */
  R visit(Layer.Dense layer);

  /** Visits a dropout layer. */
  R visit(Layer.Dropout layer);
}
