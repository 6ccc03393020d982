package io.github.deepxray.train.internal.head;

import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.util.Arrays;
import java.util.List;

/**
 * Network of the input guard, from the feature vector {@code [F]} to the unfamiliarity {@code [1]},
 * 0..1.
 *
 * <p>With {@code z} the standardized features and the orthonormal rows of {@code P} the principal
 * components of the training images, {@code r = |z|^2 - |P z|^2} is the squared distance from the
 * space of the training images. The unfamiliarity is
 *
 * <pre>
 *   1 - sigmoid(-(a r + b)) sigmoid(-(w z + c)),
 * </pre>
 *
 * the probability that at least one of two detectors fires: the distance, and a linear discriminant
 * between training images and distorted copies of them.
 */
public final class GuardNetwork {
  private static final String PREFIX = "guard_";
  private static final String STANDARDIZE = PREFIX + "standardize";
  private static final String SQUARES = PREFIX + "squares";
  private static final String LENGTH = PREFIX + "length";
  private static final String COMPONENTS = PREFIX + "components";
  private static final String COMPONENT_SQUARES = PREFIX + "component_squares";
  private static final String EXPLAINED = PREFIX + "explained";
  private static final String DISTANCE = PREFIX + "distance";
  private static final String NEAR = PREFIX + "near";
  private static final String DISTORTION = PREFIX + "distortion";
  private static final String UNDISTORTED = PREFIX + "undistorted";
  private static final String FAMILIARITY = PREFIX + "familiarity";

  private GuardNetwork() {}

  /**
   * Returns the layers of a guard.
   *
   * @param features name of the feature vector's tensor
   * @param components number of principal components
   */
  public static List<Layer> layers(String features, int components) {
    return List.of(
        new Normalization(STANDARDIZE, features),
        new Multiply(SQUARES, STANDARDIZE, STANDARDIZE),
        new Dense(LENGTH, SQUARES, 1, true),
        new Dense(COMPONENTS, STANDARDIZE, components, false),
        new Multiply(COMPONENT_SQUARES, COMPONENTS, COMPONENTS),
        new Dense(EXPLAINED, COMPONENT_SQUARES, 1, false),
        new Add(DISTANCE, LENGTH, EXPLAINED),
        new Activation(NEAR, DISTANCE, Function.SIGMOID),
        new Dense(DISTORTION, STANDARDIZE, 1, true),
        new Activation(UNDISTORTED, DISTORTION, Function.SIGMOID),
        new Multiply(FAMILIARITY, NEAR, UNDISTORTED),
        new Rescaling(ModelNotes.UNFAMILIARITY, FAMILIARITY, List.of(-1.0), List.of(1.0)));
  }

  /** Returns the network that reads feature vectors of a length. */
  public static Network network(int features, int components) {
    return new Network(
        "input_guard",
        HeadNetworks.INPUT,
        List.of(features),
        layers(HeadNetworks.INPUT, components),
        List.of(ModelNotes.UNFAMILIARITY));
  }

  /** Numbers of a guard. */
  public static final class Parameters {
    private final double[] mean;
    private final double[] variance;
    private final double[][] components;
    private final double distanceScale;
    private final double distanceOffset;
    private final double[] discriminant;
    private final double discriminantOffset;

    /**
     * Creates parameters.
     *
     * @param mean mean of each feature
     * @param variance variance of each feature
     * @param components orthonormal principal components {@code [K, F]} of the standardized
     *     features
     * @param distanceScale factor of the squared distance, above 0
     * @param distanceOffset addend after that
     * @param discriminant weight of each standardized feature
     * @param discriminantOffset addend after that
     */
    public Parameters(
        double[] mean,
        double[] variance,
        double[][] components,
        double distanceScale,
        double distanceOffset,
        double[] discriminant,
        double discriminantOffset) {
      this.mean = mean.clone();
      this.variance = variance.clone();
      this.components = components.clone();
      this.distanceScale = distanceScale;
      this.distanceOffset = distanceOffset;
      this.discriminant = discriminant.clone();
      this.discriminantOffset = discriminantOffset;
    }

    /** Number of principal components. */
    public int components() {
      return components.length;
    }

    /** Returns the same guard with an addend of both detectors' logits. */
    public Parameters shifted(double addend) {
      return new Parameters(
          mean,
          variance,
          components,
          distanceScale,
          distanceOffset + addend,
          discriminant,
          discriminantOffset + addend);
    }

    /** Returns the weights of the network. */
    public Weights weights() {
      int features = mean.length;
      int count = components.length;
      float[] kernel = new float[features * count];
      for (int k = 0; k < count; k++) {
        for (int f = 0; f < features; f++) {
          kernel[f * count + k] = (float) components[k][f];
        }
      }
      // The sigmoids are of the negative logits: 1 where the image is familiar.
      return Weights.builder()
          .put(STANDARDIZE + "/mean", FloatTensor.of(floats(mean, 1), features))
          .put(STANDARDIZE + "/variance", FloatTensor.of(floats(variance, 1), features))
          .put(LENGTH + "/kernel", FloatTensor.of(filled(features, -distanceScale), features, 1))
          .put(LENGTH + "/bias", FloatTensor.of(filled(1, -distanceOffset), 1))
          .put(COMPONENTS + "/kernel", FloatTensor.of(kernel, features, count))
          .put(EXPLAINED + "/kernel", FloatTensor.of(filled(count, distanceScale), count, 1))
          .put(DISTORTION + "/kernel", FloatTensor.of(floats(discriminant, -1), features, 1))
          .put(DISTORTION + "/bias", FloatTensor.of(filled(1, -discriminantOffset), 1))
          .build();
    }

    private static float[] floats(double[] values, double factor) {
      float[] floats = new float[values.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) (values[i] * factor);
      }
      return floats;
    }

    private static float[] filled(int count, double value) {
      float[] values = new float[count];
      Arrays.fill(values, (float) value);
      return values;
    }
  }
}
