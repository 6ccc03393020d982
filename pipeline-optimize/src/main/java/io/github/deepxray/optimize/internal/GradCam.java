package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Adds a second output {@value #HEAT_MAP} to a classifier: the Grad-CAM of its decision (Selvaraju
 * et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization"),
 * computed by the network itself. Engines need no gradients.
 *
 * <p>With {@code A} {@code [h, w, C]} the feature map that global average pooling reads and {@code
 * y} the logit, the argument of the last sigmoid or the greatest of those of the last softmax, the
 * heat map {@code [h, w, 1]} is
 *
 * <pre>
 *   map(i, j) = max(0, sum_k alpha_k A(i, j, k)),  alpha_k = 1 / (h w) sum_(i, j) dy / dA(i, j, k)
 * </pre>
 *
 * <p>Of two classes, the map shows the evidence for the second, the positive one, also for images
 * classified as the first; of more, the evidence for the predicted class. The map is not
 * normalized; its unit is that of the logit. For a head without hidden layers the sum over all
 * pixels, before the maximum with 0, is the logit minus a constant.
 *
 * <p>Each cell represents the part of the image under the cell when the map is stretched over the
 * image, as in the publication. The receptive field of the cell is much larger, and where strided
 * convolutions pad on one side only, as TensorFlow does for even sizes, its center is a fraction of
 * a cell further down and to the right.
 *
 * <p>Pooling makes {@code alpha} the gradient by the pooled features over {@code h w}, and the
 * head's gradient has a closed form. Back from the logit, a dense layer multiplies by its
 * transposed kernel, normalization divides by the deviation, a sum passes the gradient to both
 * sides, and ReLU multiplies by {@code [z > 0]}. That step is computed as {@code sigmoid(10^20 z)},
 * which is 0 or 1 to the last digit wherever {@code |z| > 10^-18}, far below the rounding of {@code
 * z}; at {@code z = 0}, where ReLU has no derivative, it is 1/2. The largest of several logits is
 * selected by the softmax of {@code 10^20} times the logits; equal logits share the map. Everything
 * else is exact except for rounding: on engines with 32-bit floats the map is within 10^-4 of its
 * maximum of the one that automatic differentiation gives.
 *
 * <p>The head is rewritten as 1x1 convolutions on {@code [1, 1, C]}, so that its gradient has the
 * shape that {@link Multiply} needs; its results do not change. A head without hidden layers has
 * the same {@code alpha} for every image of two classes, and its map is one 1x1 convolution of
 * {@code A}.
 *
 * <p>Supported are heads of any number of members and hidden layers that consist of {@link Dense},
 * {@link Activation} by ReLU, {@link Add}, {@link Normalization}, {@link Rescaling}, {@link
 * BatchNormalization} and {@link Dropout}. Apply the pass after folding and before quantizing:
 * later folding of the head's standardization would widen the range of its kernels (see {@link
 * FoldNormalization#intoConvolutions}), and the gradient of quantized kernels would be inexact.
 * {@link Passes#explaining} has the order.
 */
public final class GradCam implements Pass {
  /** Name of the heat map's tensor, the second output. */
  public static final String HEAT_MAP = "heat_map";

  // As steep as possible with z * STEEP far from overflow.
  private static final double STEEP = 1e20;

  /**
   * Adds the heat map.
   *
   * @throws DeepXrayException if the model is quantized, its output is neither the sigmoid of one
   *     logit nor the softmax of several, or its head is unsupported
   */
  @Override
  public Model apply(Model model) {
    if (model.quantization().arithmetic() != Arithmetic.FLOAT) {
      throw refused(model.network(), "it is already quantized; add the heat map before");
    }
    return new Rewriting(model).result();
  }

  private static DeepXrayException refused(Network network, String why) {
    return new DeepXrayException("Grad-CAM of network " + network.name() + ": " + why + ".");
  }

  /**
   * Gradient of the logit with respect to a tensor {@code [1, 1, n]} of the head: a constant plus,
   * for each of some tensors {@code [1, 1, m]}, that tensor times a matrix {@code [m, n]}.
   */
  private static final class Gradient {
    private final double[] constant;
    private final Map<String, double[][]> terms;

    private Gradient(double[] constant, Map<String, double[][]> terms) {
      this.constant = constant;
      this.terms = terms;
    }

    static Gradient ofConstant(double... values) {
      return new Gradient(values, Map.of());
    }

    Gradient plus(Gradient other) {
      double[] sum = constant.clone();
      Arrays.setAll(sum, i -> sum[i] + other.constant[i]);
      Map<String, double[][]> all = new LinkedHashMap<>(terms);
      other.terms.forEach((tensor, matrix) -> all.merge(tensor, matrix, Gradient::sum));
      return new Gradient(sum, all);
    }

    private static double[][] sum(double[][] a, double[][] b) {
      double[][] sum = new double[a.length][];
      for (int i = 0; i < sum.length; i++) {
        double[] row = a[i].clone();
        double[] other = b[i];
        Arrays.setAll(row, j -> row[j] + other[j]);
        sum[i] = row;
      }
      return sum;
    }

    /** Gradient with respect to the input of a layer that multiplies each channel by a factor. */
    Gradient times(double[] factors) {
      return map(
          row -> {
            double[] scaled = row.clone();
            Arrays.setAll(scaled, i -> scaled[i] * factors[i]);
            return scaled;
          });
    }

    /**
     * Gradient with respect to the input of a dense layer.
     *
     * @param kernel {@code [inputs, units]}, row by row
     */
    Gradient throughDense(float[] kernel, int inputs) {
      int units = kernel.length / inputs;
      return map(
          row -> {
            double[] product = new double[inputs];
            for (int u = 0; u < units; u++) {
              // Most rows are rows of diagonal matrices.
              if (row[u] != 0) {
                for (int i = 0; i < inputs; i++) {
                  product[i] += row[u] * kernel[i * units + u];
                }
              }
            }
            return product;
          });
    }

    @FunctionalInterface
    private interface RowFunction {
      double[] apply(double[] row);
    }

    private Gradient map(RowFunction function) {
      Map<String, double[][]> mapped = new LinkedHashMap<>();
      terms.forEach(
          (tensor, matrix) -> {
            double[][] rows = new double[matrix.length][];
            Arrays.setAll(rows, i -> function.apply(matrix[i]));
            mapped.put(tensor, rows);
          });
      return new Gradient(function.apply(constant), mapped);
    }
  }

  /** Rewriting of one model. */
  private static final class Rewriting {
    private final Weights weights;
    private final Network network;
    private final String probability;
    private final String logit;
    private final Function function;
    private final Set<String> head = new HashSet<>();
    private final GlobalAveragePooling2D pooling;

    private final Set<String> names;
    private final List<Layer> layers = new ArrayList<>();
    private final Weights.Builder added = Weights.builder();
    private final Map<String, Gradient> gradients = new HashMap<>();

    Rewriting(Model model) {
      weights = model.weights();
      // Without unused layers, the head is all that reads the pooled features.
      network = model.network().withOutputs(model.network().outputs());
      names = new HashSet<>(network.tensors());
      if (names.contains(HEAT_MAP)) {
        throw refused(network, "it has a tensor " + HEAT_MAP + " already");
      }
      probability = network.outputs().get(0);
      if (network.outputs().size() != 1
          || probability.equals(network.input())
          || !(network.layer(probability) instanceof Activation last)
          || !decides(last)) {
        throw refused(
            network,
            ("it writes %s, not one probability, the sigmoid of one logit, nor one a class, "
                    + "the softmax of as many logits")
                .formatted(
                    network.outputs().stream()
                        .map(output -> output + " " + network.shape(output))
                        .collect(Collectors.joining(", "))));
      }
      logit = last.input();
      function = last.function();
      pooling = pooling();
    }

    private boolean decides(Activation last) {
      return last.function() == Function.SIGMOID
          ? network.size(last.name()) == 1
          : last.function() == Function.SOFTMAX && network.shape(last.name()).size() == 1;
    }

    /** Finds the pooling by walking back from the logit, and collects the layers between. */
    private GlobalAveragePooling2D pooling() {
      Optional<GlobalAveragePooling2D> found = Optional.empty();
      Deque<String> open = new ArrayDeque<>(List.of(logit));
      while (!open.isEmpty()) {
        String tensor = open.pop();
        if (tensor.equals(network.input())) {
          throw refused(network, "its head bypasses global average pooling");
        }
        Layer layer = network.layer(tensor);
        if (layer instanceof GlobalAveragePooling2D pool) {
          if (found.isPresent() && !found.get().equals(pool)) {
            throw refused(
                network,
                "its head reads two pooled feature maps, " + found.get().name() + " and " + tensor);
          }
          found = Optional.of(pool);
        } else if (understood(layer)) {
          if (head.add(tensor)) {
            layer.inputs().forEach(open::push);
          }
        } else {
          throw refused(
              network,
              ("its head has an unsupported layer, %s (%s); use dense layers with "
                      + "ReLU, sums and normalization after global average pooling")
                  .formatted(
                      layer.name(),
                      layer instanceof Activation a
                          ? a.function().kerasName()
                          : layer.getClass().getSimpleName()));
        }
      }
      return found.orElseThrow();
    }

    private static boolean understood(Layer layer) {
      return layer instanceof Dense
          || layer instanceof Add
          || layer instanceof Normalization
          || layer instanceof Rescaling
          || layer instanceof BatchNormalization
          || layer instanceof Dropout
          || (layer instanceof Activation activation
              && (activation.function() == Function.RELU
                  || activation.function() == Function.LINEAR));
    }

    Model result() {
      for (Layer layer : network.layers()) {
        if (layer.name().equals(pooling.name())) {
          layers.add(new GlobalAveragePooling2D(pooling.name(), pooling.input(), true));
        } else if (layer instanceof Dense dense && head.contains(layer.name())) {
          layers.add(
              convolution(
                  dense.name(), dense.input(), kernel(dense), dense.units(), dense.useBias()));
        } else if (layer.name().equals(probability)) {
          // The mean over the only pixel: [1, 1, K] becomes [K].
          String flat = unique(logit + "_flat");
          layers.add(new GlobalAveragePooling2D(flat, logit, false));
          layers.add(new Activation(probability, flat, function));
        } else {
          layers.add(layer);
        }
      }
      gradients.put(logit, decision());
      for (int i = network.layers().size() - 1; i >= 0; i--) {
        Layer layer = network.layers().get(i);
        if (head.contains(layer.name())) {
          back(layer, gradients.remove(layer.name()));
        }
      }
      String sum = weightedSum(gradients.get(pooling.name()));
      layers.add(new Activation(HEAT_MAP, sum, Function.RELU));
      Network rewritten =
          new Network(
              network.name(),
              network.input(),
              network.inputShape(),
              layers,
              List.of(probability, HEAT_MAP));
      return new Model(rewritten, weights.plus(added.build()));
    }

    /**
     * Gradient of the explained logit with respect to the logits: 1 for the only or the largest
     * one.
     */
    private Gradient decision() {
      if (function == Function.SIGMOID) {
        return Gradient.ofConstant(1);
      }
      int classes = network.size(logit);
      String steep = unique(logit + "_steep");
      layers.add(new Rescaling(steep, logit, List.of(STEEP), List.of(0.0)));
      String greatest = unique(logit + "_greatest");
      layers.add(new Activation(greatest, steep, Function.SOFTMAX));
      double[] ones = new double[classes];
      Arrays.fill(ones, 1);
      return new Gradient(new double[classes], Map.of(greatest, diagonal(ones)));
    }

    /** Propagates the gradient from the output of a layer to its inputs. */
    private void back(Layer layer, Gradient gradient) {
      if (layer instanceof Dense dense) {
        pass(dense.input(), gradient.throughDense(kernel(dense), network.size(dense.input())));
      } else if (layer instanceof Add add) {
        pass(add.first(), gradient);
        pass(add.second(), gradient);
      } else if (layer instanceof Normalization normalization) {
        float[] variance = weights.floats(layer.name() + "/variance");
        double[] factors = new double[variance.length];
        Arrays.setAll(factors, c -> 1 / Math.max(Math.sqrt(variance[c]), Normalization.EPSILON));
        pass(normalization.input(), gradient.times(factors));
      } else if (layer instanceof BatchNormalization normalization) {
        float[] gamma = weights.floats(layer.name() + "/gamma");
        float[] variance = weights.floats(layer.name() + "/moving_variance");
        double[] factors = new double[gamma.length];
        Arrays.setAll(factors, c -> gamma[c] / Math.sqrt(variance[c] + normalization.epsilon()));
        pass(normalization.input(), gradient.times(factors));
      } else if (layer instanceof Rescaling rescaling) {
        List<Double> scale = rescaling.scale();
        double[] factors = new double[network.size(layer.name())];
        Arrays.setAll(factors, c -> scale.get(scale.size() == 1 ? 0 : c));
        pass(rescaling.input(), gradient.times(factors));
      } else if (layer instanceof Activation activation && activation.function() == Function.RELU) {
        pass(activation.input(), throughRelu(activation, gradient));
      } else {
        pass(layer.inputs().get(0), gradient);
      }
    }

    private void pass(String tensor, Gradient gradient) {
      gradients.merge(tensor, gradient, Gradient::plus);
    }

    private Gradient throughRelu(Activation relu, Gradient gradient) {
      String name = relu.name();
      int units = network.size(name);
      String steep = unique(name + "_steep");
      layers.add(new Rescaling(steep, relu.input(), List.of(STEEP), List.of(0.0)));
      String step = unique(name + "_step");
      layers.add(new Activation(step, steep, Function.SIGMOID));
      if (gradient.terms.isEmpty()) {
        return new Gradient(new double[units], Map.of(step, diagonal(gradient.constant)));
      }
      String product = unique(name + "_gradient");
      layers.add(new Multiply(product, tensor(gradient, name + "_above"), step));
      double[] ones = new double[units];
      Arrays.fill(ones, 1);
      return new Gradient(new double[units], Map.of(product, diagonal(ones)));
    }

    private static double[][] diagonal(double[] values) {
      double[][] matrix = new double[values.length][values.length];
      for (int i = 0; i < values.length; i++) {
        matrix[i][i] = values[i];
      }
      return matrix;
    }

    /** Feature map {@code [h, w, C]}, weighted by the gradient, summed to {@code [h, w, 1]}. */
    private String weightedSum(Gradient gradient) {
      String map = pooling.input();
      List<Integer> shape = network.shape(map);
      int channels = shape.get(2);
      double[] share = new double[channels];
      Arrays.fill(share, 1.0 / (shape.get(0) * shape.get(1)));
      Gradient alpha = gradient.times(share);
      String sum = unique(HEAT_MAP + "_sum");
      if (alpha.terms.isEmpty()) {
        layers.add(convolution(sum, map, floats(alpha.constant), 1, false));
        return sum;
      }
      String weighted = unique(HEAT_MAP + "_weighted");
      layers.add(new Multiply(weighted, map, tensor(alpha, HEAT_MAP + "_alpha")));
      float[] ones = new float[channels];
      Arrays.fill(ones, 1);
      layers.add(convolution(sum, weighted, ones, 1, false));
      return sum;
    }

    /** Adds layers that compute a gradient with terms, and returns the name of its tensor. */
    private String tensor(Gradient gradient, String name) {
      int channels = gradient.constant.length;
      boolean biased = Arrays.stream(gradient.constant).anyMatch(value -> value != 0);
      String sum = "";
      int left = gradient.terms.size();
      for (Map.Entry<String, double[][]> term : gradient.terms.entrySet()) {
        left--;
        // The only term, or the last sum, gets the name.
        boolean first = sum.isEmpty();
        String part = unique(first && left == 0 ? name : name + "_of_" + term.getKey());
        double[] flat = Arrays.stream(term.getValue()).flatMapToDouble(Arrays::stream).toArray();
        layers.add(convolution(part, term.getKey(), floats(flat), channels, first && biased));
        if (first && biased) {
          added.put(part + "/bias", FloatTensor.of(floats(gradient.constant), channels));
        }
        if (first) {
          sum = part;
        } else {
          String next = unique(left == 0 ? name : name + "_with_" + term.getKey());
          layers.add(new Add(next, sum, part));
          sum = next;
        }
      }
      return sum;
    }

    /** Creates a 1x1 convolution and adds its kernel {@code [inputs, units]} to the weights. */
    private Conv2D convolution(
        String name, String input, float[] kernel, int units, boolean useBias) {
      added.put(name + "/kernel", FloatTensor.of(kernel, 1, 1, kernel.length / units, units));
      return new Conv2D(name, input, units, 1, 1, Padding.VALID, useBias);
    }

    private float[] kernel(Dense dense) {
      return Kernels.floats(weights, dense).toFloats();
    }

    private String unique(String wanted) {
      String name = wanted;
      for (int i = 2; !names.add(name); i++) {
        name = wanted + "_" + i;
      }
      return name;
    }

    private static float[] floats(double[] values) {
      float[] floats = new float[values.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) values[i];
      }
      return floats;
    }
  }
}
