package io.github.deepxray.train.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.tensorflow.internal.Sessions;
import io.github.deepxray.tensorflow.internal.Tensors;
import io.github.deepxray.train.internal.loop.ScheduledOptimizer.Group;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** On {@code loss = sum(c * w * w) / 2}, whose gradient is {@code c * w}. */
class ScheduledOptimizerTest {
  private static final float[] CURVATURE = {1, 10, 0.1f};
  private static final float[][] START = {{1, -2, 3}, {0.5f, 0.25f, -4}};
  private static final double[] RATES = {0.1, 0.05, 0.2, 0.01};

  @Test
  void adamWIsThatOfThePaperInEachGroup() {
    Group[] groups = {new Group(1, 0), new Group(0.3, 0.5)};
    float[][] trained =
        train(
            graph ->
                ScheduledOptimizer.adamW(
                    graph, 0.9, 0.99, 1e-8, Map.of("a", groups[0], "b", groups[1])),
            0);
    for (int v = 0; v < 2; v++) {
      for (int i = 0; i < 3; i++) {
        double weight = START[v][i];
        double first = 0;
        double second = 0;
        for (int t = 1; t <= RATES.length; t++) {
          double gradient = CURVATURE[i] * weight;
          first = 0.9 * first + 0.1 * gradient;
          second = 0.99 * second + 0.01 * gradient * gradient;
          double unbiased = first / (1 - Math.pow(0.9, t));
          double deviation = Math.sqrt(second / (1 - Math.pow(0.99, t)));
          double rate = RATES[t - 1] * groups[v].learningRate();
          weight -= rate * (unbiased / (deviation + 1e-8) + groups[v].weightDecay() * weight);
        }
        assertThat((double) trained[v][i]).isCloseTo(weight, within(1e-5));
      }
    }
  }

  @Test
  void clippingScalesAllGradientsToTheNorm() {
    for (double limit : new double[] {0.5, 1e6}) {
      float[][] trained = train(graph -> ScheduledOptimizer.momentum(graph, 0), limit);
      double[][] weights = new double[2][3];
      for (int v = 0; v < 2; v++) {
        for (int i = 0; i < 3; i++) {
          weights[v][i] = START[v][i];
        }
      }
      for (double rate : RATES) {
        double squares = 0;
        for (double[] variable : weights) {
          for (int i = 0; i < 3; i++) {
            squares += Math.pow(CURVATURE[i] * variable[i], 2);
          }
        }
        double factor = Math.min(1, limit / Math.sqrt(squares));
        for (double[] variable : weights) {
          for (int i = 0; i < 3; i++) {
            variable[i] -= rate * factor * CURVATURE[i] * variable[i];
          }
        }
      }
      for (int v = 0; v < 2; v++) {
        for (int i = 0; i < 3; i++) {
          assertThat((double) trained[v][i]).isCloseTo(weights[v][i], within(1e-5));
        }
      }
    }
  }

  /** What two variables, {@code a} and {@code b}, become. */
  private static float[][] train(Function<Graph, ScheduledOptimizer> optimizers, double clipNorm) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> a = tf.withName("a").variable(Shape.of(3), TFloat32.class);
      Operand<TFloat32> b = tf.withName("b").variable(Shape.of(3), TFloat32.class);
      Operand<TFloat32> root = tf.math.sqrt(tf.constant(CURVATURE));
      Operand<TFloat32> loss =
          tf.math.add(
              tf.nn.l2Loss(tf.math.mul(root, tf.identity(a))),
              tf.nn.l2Loss(tf.math.mul(root, tf.identity(b))));
      ScheduledOptimizer optimizer = optimizers.apply(graph);
      Op update =
          optimizer.applyGradients(
              Gradients.of(graph, tf, loss, List.of(a, b), clipNorm), "update");
      Op start =
          tf.withControlDependencies(
                  List.of(tf.assign(a, tf.constant(START[0])), tf.assign(b, tf.constant(START[1]))))
              .noOp();
      try (Session session = new Session(graph, Sessions.config(1))) {
        session.initialize();
        session.runner().addTarget(start).run().close();
        for (int step = 0; step < RATES.length; step++) {
          Session.Runner runner = session.runner();
          List<TFloat32> fed = optimizer.feed(runner, step, RATES[step]);
          runner.addTarget(update).run().close();
          fed.forEach(TFloat32::close);
        }
        try (Result result = session.runner().fetch(a).fetch(b).run()) {
          return new float[][] {Tensors.toFloats(result.get(0)), Tensors.toFloats(result.get(1))};
        }
      }
    }
  }
}
