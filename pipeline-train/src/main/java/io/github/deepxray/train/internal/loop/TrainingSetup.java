package io.github.deepxray.train.internal.loop;

import io.github.deepxray.core.network.Network;
import io.github.deepxray.train.recipe.LearningRateSchedule;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * What {@link TrainingGraph} trains and how.
 *
 * @param network the network; its outputs are logits, whose losses are added up
 * @param optimizer makes the optimizer
 * @param schedule the learning rate of each step
 * @param seed of what dropout drops
 * @param frozen the names of the weights that are not trained
 * @param deterministic whether dropout and stochastic depth are off
 * @param penalties for each output the factors of the squares of kernels that are added to its
 *     loss, by the kernels' names; or nothing
 * @param clipNorm the largest norm of all gradients together; 0 for any
 * @param averageDecay the decay of the moving average of the weights; 0 for none
 * @param masked the names of the weights that can be masked; all of them are trained
 */
@RecordBuilder
public record TrainingSetup(
    Network network,
    OptimizerFactory optimizer,
    LearningRateSchedule schedule,
    long seed,
    Set<String> frozen,
    boolean deterministic,
    List<Map<String, Double>> penalties,
    double clipNorm,
    double averageDecay,
    List<String> masked)
    implements TrainingSetupBuilder.With {

  /** Makes the optimizer of a graph. */
  @FunctionalInterface
  public interface OptimizerFactory {
    /**
     * Makes it.
     *
     * @param graph the graph that it adds its operations to
     * @param trainable the variables that are trained, by the names of their weights
     */
    ScheduledOptimizer create(Graph graph, Map<String, Operand<TFloat32>> trainable);
  }

  /** Copies the collections. */
  public TrainingSetup {
    frozen = Collections.unmodifiableSet(new TreeSet<>(frozen));
    penalties =
        penalties.stream()
            .map(factors -> Collections.unmodifiableMap(new LinkedHashMap<>(factors)))
            .toList();
    masked = List.copyOf(masked);
  }

  /** A training of all weights with dropout, and nothing else. */
  public static TrainingSetup of(
      Network network, OptimizerFactory optimizer, LearningRateSchedule schedule, long seed) {
    return new TrainingSetup(
        network, optimizer, schedule, seed, Set.of(), false, List.of(), 0, 0, List.of());
  }

  /** The same without dropout and stochastic depth. */
  public TrainingSetup withoutDropout() {
    return withDeterministic(true);
  }
}
