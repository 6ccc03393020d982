package io.github.deepxray.optimize.internal.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChannelStatisticsTest {
  private static final Network NETWORK = SmallEfficientNet.network();
  private static final Model MODEL = Fixtures.withRandomWeights(NETWORK, 1);

  @Test
  void areMomentsOverPositionsAndExamples() throws IOException {
    List<String> tensors = List.of("block4a_se_excite", "images", "avg_pool");
    Map<String, ChannelStatistics> statistics = collect(tensors, 5, 1);
    ReferenceInterpreter interpreter = new ReferenceInterpreter(MODEL);
    for (String tensor : tensors) {
      int channels = NETWORK.shape(tensor).get(NETWORK.shape(tensor).size() - 1);
      for (int c = 0; c < channels; c++) {
        double sum = 0;
        double squares = 0;
        int count = 0;
        for (int i = 0; i < 5; i++) {
          double[] values = interpreter.run(Fixtures.randomImages(NETWORK, 1, i)).get(tensor);
          for (int p = c; p < values.length; p += channels) {
            sum += values[p];
            squares += values[p] * values[p];
            count++;
          }
        }
        ChannelStatistics found = statistics.get(tensor);
        double mean = sum / count;
        assertThat(found.means().get(c)).isCloseTo(mean, offset(1e-4));
        assertThat(found.rms(c)).isCloseTo(Math.sqrt(squares / count), offset(1e-4));
        assertThat(found.variance(c))
            .isCloseTo(squares / count - mean * mean, offset(1e-3 * (1 + squares / count)));
      }
    }
  }

  @Test
  void doNotDependOnTheNumberOfThreads() throws IOException {
    List<String> tensors = List.of("stem_activation", "block4b_add");
    assertThat(collect(tensors, 37, 4)).isEqualTo(collect(tensors, 37, 1));
  }

  @Test
  void needAnExample() {
    assertThatThrownBy(() -> collect(List.of("avg_pool"), 0, 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("at least 1");
  }

  private static Map<String, ChannelStatistics> collect(
      List<String> tensors, int examples, int cores) throws IOException {
    return ChannelStatistics.collect(
        new ReferenceEngines(),
        cores,
        MODEL,
        tensors,
        ReferenceEngines.examples(NETWORK, examples),
        Progress.NONE);
  }
}
