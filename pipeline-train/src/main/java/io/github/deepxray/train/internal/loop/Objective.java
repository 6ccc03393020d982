package io.github.deepxray.train.internal.loop;

import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.Label;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Training objective: cross entropy with class weights and label smoothing.
 *
 * @param weights weight of an example of each class, by label; two or more
 * @param labelSmoothing share of the label that is spread over all classes, 0..1
 */
public record Objective(List<Double> weights, double labelSmoothing) {
  /** Copies the list. */
  public Objective {
    weights = List.copyOf(weights);
  }

  /**
   * Number of target values of an example: one for two classes, near 1 for the second; else one for
   * each class.
   */
  public int targets() {
    return weights.size() == 2 ? 1 : weights.size();
  }

  /** Writes the {@link #targets} target values of a label. */
  public void target(Label label, float[] targets, int offset) {
    int classes = weights.size();
    if (classes == 2) {
      targets[offset] = target(label.index() == 1);
      return;
    }
    for (int c = 0; c < classes; c++) {
      targets[offset + c] =
          (float) ((c == label.index() ? 1 : 0) * (1 - labelSmoothing) + labelSmoothing / classes);
    }
  }

  private float target(boolean positive) {
    return (float) ((positive ? 1 : 0) * (1 - labelSmoothing) + labelSmoothing / 2);
  }

  /** Returns the weight of an example. */
  public float weight(Label label) {
    return (float) (double) weights.get(label.index());
  }

  /**
   * Adds the loss to a graph: sigmoid cross entropy for one logit, softmax cross entropy for
   * several.
   *
   * @param logits {@code [N, 1]} or {@code [N]}, or {@code [N, K]}
   * @param targets {@code [N]} or {@code [N, K]}, see {@link #target}
   * @param weights {@code [N]}, see {@link #weight}
   * @return the mean over the batch, a scalar
   */
  public static Operand<TFloat32> crossEntropy(
      Ops tf, Operand<TFloat32> logits, Operand<TFloat32> targets, Operand<TFloat32> weights) {
    Operand<TFloat32> entropy;
    if (targets.shape().numDimensions() == 1) {
      Operand<TFloat32> flat = tf.reshape(logits, tf.constant(new int[] {-1}));
      // -y log(p) - (1 - y) log(1 - p) = softplus(logit) - y * logit
      entropy = tf.math.sub(tf.math.softplus(flat), tf.math.mul(targets, flat));
    } else {
      entropy =
          tf.math.neg(tf.reduceSum(tf.math.mul(targets, tf.nn.logSoftmax(logits)), tf.constant(1)));
    }
    return tf.math.mean(tf.math.mul(entropy, weights), tf.constant(0));
  }

  /** Returns the weighted mean negative log likelihood, without label smoothing. */
  public double loss(SplitScores scored) {
    List<Double> losses = scored.losses();
    List<SplitScores.Truth> images = scored.images();
    double sum = 0;
    double total = 0;
    for (int i = 0; i < losses.size(); i++) {
      double weight = weights.get(images.get(i).label());
      sum += weight * losses.get(i);
      total += weight;
    }
    return sum / total;
  }
}
