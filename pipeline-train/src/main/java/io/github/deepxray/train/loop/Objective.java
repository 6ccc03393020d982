package io.github.deepxray.train.loop;

import io.github.deepxray.core.metrics.Metrics;
import io.github.deepxray.core.metrics.ScoredExample;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * What training minimizes: the cross entropy, each class with its weight, the labels smoothed.
 *
 * @param positiveWeight the weight of an example that shows pneumonia
 * @param negativeWeight the weight of one that does not
 * @param labelSmoothing the share of the label that is spread over both classes, 0..1
 */
public record Objective(double positiveWeight, double negativeWeight, double labelSmoothing) {
  /**
   * The objective of a training split.
   *
   * @param balanced whether each class weighs as much as the other, whatever its share
   */
  public static Objective of(boolean balanced, double labelSmoothing, long images, long positives) {
    return balanced
        ? new Objective(
            images / (2.0 * positives), images / (2.0 * (images - positives)), labelSmoothing)
        : new Objective(1, 1, labelSmoothing);
  }

  /** The label to learn. */
  public float target(boolean positive) {
    return (float) ((positive ? 1 : 0) * (1 - labelSmoothing) + labelSmoothing / 2);
  }

  /** The weight of an example. */
  public float weight(boolean positive) {
    return (float) (positive ? positiveWeight : negativeWeight);
  }

  /**
   * Adds the loss to a graph.
   *
   * @param logits {@code [N, 1]} or {@code [N]}
   * @param targets {@code [N]}, see {@link #target}
   * @param weights {@code [N]}, see {@link #weight}
   * @return the mean over the batch, a scalar
   */
  public static Operand<TFloat32> crossEntropy(
      Ops tf, Operand<TFloat32> logits, Operand<TFloat32> targets, Operand<TFloat32> weights) {
    Operand<TFloat32> flat = tf.reshape(logits, tf.constant(new int[] {-1}));
    // -y log(p) - (1 - y) log(1 - p) = softplus(logit) - y * logit
    Operand<TFloat32> entropy = tf.math.sub(tf.math.softplus(flat), tf.math.mul(targets, flat));
    return tf.math.mean(tf.math.mul(entropy, weights), tf.constant(0));
  }

  /** The mean negative log likelihood, weighted, with the labels as they are. */
  public double loss(List<ScoredExample> scored) {
    double sum = 0;
    double total = 0;
    for (ScoredExample example : scored) {
      double weight = example.positive() ? positiveWeight : negativeWeight;
      sum += weight * Metrics.logLoss(List.of(example));
      total += weight;
    }
    return sum / total;
  }
}
