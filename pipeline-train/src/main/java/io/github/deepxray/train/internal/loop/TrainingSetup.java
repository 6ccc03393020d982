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
 * Network and training settings of a {@link TrainingGraph}.
 *
 * @param network network whose outputs are logits; the loss is the sum over the outputs
 * @param optimizer factory of the optimizer
 * @param schedule learning rate of each step
 * @param seed seed of dropout
 * @param frozen names of the weights that are not trained
 * @param deterministic whether dropout and stochastic depth are off
 * @param penalties L2 factors of the kernels for each output, by kernel name; empty for no
 *     penalties
 * @param clipNorm maximum global norm of the gradients; 0 for no clipping
 * @param averageDecay decay of the moving average of the weights; 0 for no average
 * @param masked names of the weights that can be masked; all of them are trained
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

  /** Factory of the optimizer of a graph. */
  @FunctionalInterface
  public interface OptimizerFactory {
    /**
     * Creates the optimizer.
     *
     * @param graph graph to which operations are added
     * @param trainable trained variables, by weight name
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

  /** Returns a setup that trains all weights with dropout, without other options. */
  public static TrainingSetup of(
      Network network, OptimizerFactory optimizer, LearningRateSchedule schedule, long seed) {
    return new TrainingSetup(
        network, optimizer, schedule, seed, Set.of(), false, List.of(), 0, 0, List.of());
  }

  /** Returns a copy without dropout and stochastic depth. */
  public TrainingSetup withoutDropout() {
    return withDeterministic(true);
  }
}
