package io.github.deepxray.train.internal.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryFileTest {
  @TempDir Path folder;

  @Test
  void readsWhatTrainingLeft() throws IOException {
    Optional<EpochResult.Scores> framed = Optional.of(new EpochResult.Scores(0.25, 0.875));
    for (List<EpochResult> epochs :
        List.of(
            List.of(
                new EpochResult(0, 1.5, 0.2, 0.98, Optional.empty(), 1e-3, Optional.empty()),
                new EpochResult(
                    1, 0.75, 0.1, Double.NaN, Optional.empty(), 9.9e-4, Optional.empty())),
            List.of(new EpochResult(0, 1.5, 0.2, 0.98, framed, 1e-5, Optional.empty())),
            List.of(
                new EpochResult(0, 1.5, 0.2, 0.98, framed, 1e-5, Optional.of(0.25)),
                new EpochResult(1, 1.4, 0.1, 0.99, framed, 1e-5, Optional.of(0.5))))) {
      Path file = folder.resolve(HistoryFile.NAME);
      HistoryFile writer = new HistoryFile(file);
      writer.onTrainingBegin(TrainingListener.HEAD, 0, epochs.size());
      epochs.forEach(writer::onEpochEnd);
      writer.onTrainingEnd(0);
      assertThat(HistoryFile.read(file)).isEqualTo(epochs);
    }
  }

  @Test
  void namesTheLineThatIsDamaged() throws IOException {
    Path file = folder.resolve(HistoryFile.NAME);
    Files.writeString(
        file, "epoch,loss,validation_loss,validation_auc,learning_rate\n1,0.5,0.5,x,0.1\n");
    assertThatThrownBy(() -> HistoryFile.read(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file + ", line 2");
  }
}
