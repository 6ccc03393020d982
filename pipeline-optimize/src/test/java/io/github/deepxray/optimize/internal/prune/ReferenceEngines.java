package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.util.List;
import java.util.Map;

/** Runs models by the textbook definition of each layer. */
final class ReferenceEngines implements EngineFactory {
  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public int parallelEngines(int cores) {
    return cores;
  }

  @Override
  public InferenceEngine create(Model model, int threads) {
    ReferenceInterpreter interpreter = new ReferenceInterpreter(model);
    Network network = model.network();
    return new InferenceEngine() {
      @Override
      public List<Integer> inputShape() {
        return network.inputShape();
      }

      @Override
      public List<List<Integer>> outputShapes() {
        return network.outputs().stream().map(network::shape).toList();
      }

      @Override
      public int preferredBatch() {
        return 1;
      }

      @Override
      public float[][] run(float[] input, int count) {
        if (count != 1) {
          throw new IllegalArgumentException("one example a call, not " + count);
        }
        Map<String, double[]> tensors = interpreter.run(input);
        return network.outputs().stream()
            .map(output -> floats(tensors.get(output)))
            .toArray(float[][]::new);
      }

      @Override
      public void close() {
        // Nothing is held.
      }
    };
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** So many random images. */
  static RepresentativeDataset examples(Network network, int count) {
    return new RepresentativeDataset() {
      @Override
      public int size() {
        return count;
      }

      @Override
      public float[] example(int index) {
        return Fixtures.randomImages(network, 1, index);
      }
    };
  }
}
