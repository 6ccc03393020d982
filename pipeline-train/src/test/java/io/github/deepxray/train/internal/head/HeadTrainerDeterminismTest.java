package io.github.deepxray.train.internal.head;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.testkit.InCi;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same seed gives the same bits, although TensorFlow works with several threads: here, while
 * others want the processor too, and in another process.
 */
class HeadTrainerDeterminismTest {
  private static final int THREADS = Runtime.getRuntime().availableProcessors();
  private static final int REPEATS = 5;

  /** Trains the default head for some epochs on vectors of the real length. */
  private static String trainedHash() throws IOException {
    Embeddings train = SampleFeatures.draw(500, 1280, 2, 0.02, 1);
    Embeddings validation = SampleFeatures.draw(100, 1280, 4, 0.02, 2);
    HeadSpec spec = HeadSpec.of("ensemble").withViews(2).withEpochs(4);
    return new HeadTrainer(
            spec, 0, Context.of(new TfLiteEngineFactory(), Path.of("unused")).withCores(THREADS))
        .train(train, validation)
        .weights()
        .sha256();
  }

  /** Run in another process. */
  public static void main(String[] args) throws IOException {
    System.out.println("hash " + trainedHash());
  }

  @Test
  void givesTheSameBitsAgainAndUnderLoad() throws Exception {
    String expected = trainedHash();
    assertThat(trainedHash()).isEqualTo(expected);
    AtomicBoolean stop = new AtomicBoolean();
    List<Thread> load = new ArrayList<>();
    try {
      for (int t = 0; t < THREADS; t++) {
        Thread thread = new Thread(() -> spin(stop));
        thread.setDaemon(true);
        thread.start();
        load.add(thread);
      }
      for (int i = 0; i < REPEATS; i++) {
        assertThat(trainedHash()).as("training %d under load", i).isEqualTo(expected);
      }
    } finally {
      stop.set(true);
      for (Thread thread : load) {
        thread.join();
      }
    }
  }

  @InCi
  @Test
  void givesTheSameBitsInAnotherProcess(@TempDir Path folder) throws Exception {
    Path output = folder.resolve("out.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                HeadTrainerDeterminismTest.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(output).content().contains("hash " + trainedHash());
  }

  private static void spin(AtomicBoolean stop) {
    double x = 1;
    while (!stop.get()) {
      x = Math.sin(x) + 1;
    }
    assertThat(x).isNotNaN();
  }
}
