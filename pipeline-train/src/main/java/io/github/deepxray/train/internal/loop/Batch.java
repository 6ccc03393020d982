package io.github.deepxray.train.internal.loop;

import io.github.deepxray.datasets.Label;
import io.github.deepxray.tensorflow.internal.Tensors;
import java.util.List;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** Batch of one training step: examples, target labels and example weights. */
public final class Batch {
  private final float[] examples;
  private final float[] targets;
  private final float[] weights;

  /**
   * Creates a batch; the arrays are not copied.
   *
   * @param examples values of the examples, one after another
   * @param targets see {@link Objective#target}
   * @param weights see {@link Objective#weight}
   */
  public Batch(float[] examples, float[] targets, float[] weights) {
    this.examples = examples;
    this.targets = targets;
    this.weights = weights;
  }

  /**
   * Returns a batch of examples, which are not copied, with targets and weights of an objective.
   */
  public static Batch of(Objective objective, List<Label> labels, float[] examples) {
    int width = objective.targets();
    float[] targets = new float[labels.size() * width];
    float[] weights = new float[labels.size()];
    for (int i = 0; i < weights.length; i++) {
      objective.target(labels.get(i), targets, i * width);
      weights[i] = objective.weight(labels.get(i));
    }
    return new Batch(examples, targets, weights);
  }

  /** The number of examples. */
  public int size() {
    return weights.length;
  }

  TFloat32 examples(Shape shape) {
    return Tensors.of(examples, shape);
  }

  TFloat32 targets() {
    int width = targets.length / size();
    return Tensors.of(targets, width == 1 ? Shape.of(size()) : Shape.of(size(), width));
  }

  TFloat32 weights() {
    return Tensors.of(weights, Shape.of(size()));
  }
}
