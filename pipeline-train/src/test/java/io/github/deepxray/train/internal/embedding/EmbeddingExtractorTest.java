package io.github.deepxray.train.internal.embedding;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ProgressNotes;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor.Extraction;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingExtractorTest {
  private static final int SIZE = 32;
  // The mean colour is the whole feature vector.
  private static final Model MEANS =
      new Model(
          new Network(
              "means",
              "images",
              List.of(SIZE, SIZE, 3),
              List.of(new Layer.GlobalAveragePooling2D("avg_pool", "images", false)),
              List.of("avg_pool")),
          Weights.empty());

  private static final List<View> TWO_VIEWS = View.range(2, Augmentation.MILD);

  @TempDir static Path shared;
  private static PreparedDataset dataset;

  @TempDir Path cache;

  @BeforeAll
  static void prepare() throws IOException {
    Path source = shared.resolve("phantoms");
    PhantomArchive.writeFolder(
        source,
        PhantomOptions.DEFAULT.withTrain(12, 20).withVal(1, 1).withTest(4, 4).withSize(SIZE));
    dataset =
        PreparedDataset.prepare(
            source,
            shared.resolve("data"),
            DatasetOptions.DEFAULT.withImageSize(SIZE).withValidationFraction(0.25),
            Progress.NONE);
  }

  @Test
  void computesEveryViewOfEveryImageInOrder() throws IOException {
    Means engines = new Means(2, 3);
    Extraction extraction = extract(engines, Split.TRAIN, 2);
    int images = dataset.images(Split.TRAIN);
    assertThat(extraction.computed()).isEqualTo(2L * images);
    assertThat(engines.images()).isEqualTo(2 * images);
    Embeddings embeddings = extraction.embeddings();
    List<XrayRecord> records = dataset.readAll(Split.TRAIN);
    assertThat(embeddings.images().stream().map(Embeddings.Image::filename).toList())
        .isEqualTo(records.stream().map(XrayRecord::filename).toList());
    assertThat(embeddings.counts().get(1))
        .isEqualTo(records.stream().filter(r -> r.label().index() == 1).count());
    for (int view = 0; view < 2; view++) {
      for (int i = 0; i < images; i++) {
        float[] pixels = new float[SIZE * SIZE * 3];
        new View(view).render(records.get(i).decode(), records.get(i).sha256(), pixels, 0);
        float[] vector = new float[3];
        embeddings.views().get(view).copyRow(i, vector, 0);
        assertClose("view " + view + " of image " + i, vector, means(pixels, 1), 0);
      }
    }
  }

  @Test
  void computesNothingTwice() throws IOException {
    Embeddings first = extract(new Means(2, 1), Split.VALIDATION, 1).embeddings();
    Means again = new Means(2, 1);
    Extraction extraction = extract(again, Split.VALIDATION, 1);
    assertThat(again.images()).isZero();
    assertThat(extraction.computed()).isZero();
    assertThat(extraction.vectorsPerSecond()).isNaN();
    assertSame(extraction.embeddings(), first);
    // One more view: only that is computed.
    Means more = new Means(2, 1);
    extract(more, Split.VALIDATION, 2);
    assertThat(more.images()).isEqualTo(dataset.images(Split.VALIDATION));
  }

  @Test
  void neverMeetsVectorsOfAnotherBackboneOrEngine() throws IOException {
    int images = dataset.images(Split.TEST);
    extract(new Means(1, 1), Split.TEST, 1);
    Means other = new Means(1, 1, "another version");
    extract(other, Split.TEST, 1);
    assertThat(other.images()).isEqualTo(images);

    TfLiteEngineFactory tflite = new TfLiteEngineFactory();
    Network network = Fixtures.smallNetwork(SIZE).withOutputs(List.of("avg_pool"));
    Embeddings one =
        extract(Fixtures.withRandomWeights(network, 1), tflite, Split.TEST, 1).embeddings();
    Extraction two = extract(Fixtures.withRandomWeights(network, 2), tflite, Split.TEST, 1);
    assertThat(two.computed()).isEqualTo(images);
    assertThat(two.embeddings().views().get(0).toFloats())
        .isNotEqualTo(one.views().get(0).toFloats());
    assertThat(extract(Fixtures.withRandomWeights(network, 1), tflite, Split.TEST, 1).computed())
        .isZero();
  }

  /** An engine that dies after 9 images; what it computed is kept, whatever the batches were. */
  @Test
  void resumesWhereItWasInterrupted() throws IOException {
    Embeddings expected =
        new EmbeddingExtractor(MEANS, context(new Means(1, 1), cache.resolve("other")))
            .extract(dataset, Split.TRAIN, TWO_VIEWS)
            .embeddings();
    int all = 2 * dataset.images(Split.TRAIN);
    for (int batch : new int[] {1, 4}) {
      Path folder = cache.resolve("batch" + batch);
      Means dying = new Means(1, batch).dieAfter(9);
      assertThatThrownBy(
              () ->
                  new EmbeddingExtractor(MEANS, context(dying, folder))
                      .extract(dataset, Split.TRAIN, TWO_VIEWS))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("killed");
      int done = 9 / batch * batch;
      assertThat(dying.images()).isEqualTo(done);
      Means rest = new Means(1, batch);
      Extraction resumed =
          new EmbeddingExtractor(MEANS, context(rest, folder))
              .extract(dataset, Split.TRAIN, TWO_VIEWS);
      assertThat(rest.images()).isEqualTo(all - done);
      assertThat(resumed.computed()).isEqualTo(all - done);
      assertSame(resumed.embeddings(), expected);
    }
  }

  /** The cache of another processor has another name, whatever that is. */
  @Test
  void computesAnewOnAnotherProcessorAndSaysSo() throws IOException {
    ProgressNotes notes = new ProgressNotes();
    Context context = context(new Means(1, 1), cache).withProgress(notes);
    EmbeddingExtractor extractor = new EmbeddingExtractor(MEANS, context);
    Extraction first = extractor.extract(dataset, Split.TEST, List.of(View.IDENTITY));
    assertThat(notes.lines()).isEmpty();
    Path own;
    try (Stream<Path> files = Files.walk(cache)) {
      own = files.filter(Files::isRegularFile).findFirst().orElseThrow().getParent();
    }
    Files.move(own, own.resolveSibling("another"));

    Extraction anew = extractor.extract(dataset, Split.TEST, List.of(View.IDENTITY));
    assertThat(anew.computed()).isEqualTo(first.computed()).isPositive();
    assertThat(notes.lines())
        .singleElement()
        .asString()
        .contains(cache.toString(), "another processor", "computed anew");
    assertThat(extractor.extract(dataset, Split.TEST, List.of(View.IDENTITY)).computed()).isZero();
    assertThat(notes.lines()).hasSize(1);
    assertThat(own.resolveSibling("another")).isNotEmptyDirectory();
  }

  /** When one of several workers fails, the others end before the call does. */
  @Test
  void leavesNoWorkerBehind() {
    Means dying = new Means(4, 1).dieAfter(5);
    assertThatThrownBy(() -> extract(dying, Split.TRAIN, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("killed");
    assertThat(dying.open()).isZero();
  }

  @Test
  void doesNotDependOnTheNumberOfWorkers() throws IOException {
    Model backbone =
        Fixtures.withRandomWeights(Fixtures.smallNetwork(SIZE).withOutputs(List.of("avg_pool")), 1);
    Embeddings one =
        new EmbeddingExtractor(backbone, context(new TfLiteEngineFactory(), cache.resolve("1")))
            .extract(dataset, Split.TRAIN, TWO_VIEWS)
            .embeddings();
    Embeddings three =
        new EmbeddingExtractor(
                backbone, context(new TfLiteEngineFactory(), cache.resolve("3")).withCores(3))
            .extract(dataset, Split.TRAIN, TWO_VIEWS)
            .embeddings();
    assertSame(three, one);
  }

  private static Context context(EngineFactory engines, Path folder) {
    return Context.of(engines, folder).withCores(1);
  }

  private Extraction extract(EngineFactory engines, Split split, int views) throws IOException {
    return extract(MEANS, engines, split, views);
  }

  private Extraction extract(Model backbone, EngineFactory engines, Split split, int views)
      throws IOException {
    return new EmbeddingExtractor(backbone, context(engines, cache).withCores(2))
        .extract(dataset, split, View.range(views, Augmentation.MILD));
  }

  private static void assertSame(Embeddings actual, Embeddings expected) {
    assertThat(actual.images()).isEqualTo(expected.images());
    assertThat(actual.views()).hasSameSizeAs(expected.views());
    for (int view = 0; view < expected.views().size(); view++) {
      assertThat(actual.views().get(view).toFloats())
          .isEqualTo(expected.views().get(view).toFloats());
    }
  }

  private static float[] means(float[] images, int count) {
    float[] means = new float[count * 3];
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < 3; c++) {
        double sum = 0;
        for (int p = 0; p < SIZE * SIZE; p++) {
          sum += images[(i * SIZE * SIZE + p) * 3 + c];
        }
        means[i * 3 + c] = (float) (sum / (SIZE * SIZE));
      }
    }
    return means;
  }

  /** Runs {@link #MEANS} in Java, counts what it does and dies when it is told to. */
  private static final class Means implements EngineFactory {
    private final int parallel;
    private final int batch;
    private final String version;
    private final AtomicInteger images = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private int limit = Integer.MAX_VALUE;

    Means(int parallel, int batch) {
      this(parallel, batch, "1");
    }

    Means(int parallel, int batch, String version) {
      this.parallel = parallel;
      this.batch = batch;
      this.version = version;
    }

    Means dieAfter(int number) {
      limit = number;
      return this;
    }

    int images() {
      return images.get();
    }

    int open() {
      return open.get();
    }

    @Override
    public String name() {
      return "means";
    }

    @Override
    public String version() {
      return version;
    }

    @Override
    public int parallelEngines(int cores) {
      return parallel;
    }

    @Override
    public InferenceEngine create(Model model, int threads) {
      open.incrementAndGet();
      return new InferenceEngine() {
        @Override
        public List<Integer> inputShape() {
          return model.network().inputShape();
        }

        @Override
        public List<List<Integer>> outputShapes() {
          return List.of(List.of(3));
        }

        @Override
        public int preferredBatch() {
          return batch;
        }

        @Override
        public float[][] run(float[] input, int count) {
          if (images.addAndGet(count) > limit) {
            images.addAndGet(-count);
            throw new IllegalStateException("killed");
          }
          return new float[][] {means(input, count)};
        }

        @Override
        public void close() {
          open.decrementAndGet();
        }
      };
    }
  }
}
