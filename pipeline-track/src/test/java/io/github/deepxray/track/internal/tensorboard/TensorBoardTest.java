package io.github.deepxray.track.internal.tensorboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.Value;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.internal.tfrecord.TfRecordReader;
import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.Samples;
import io.github.deepxray.track.Tracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.HistogramProto;
import org.tensorflow.proto.Summary;

/**
 * What is in the event files, read as TensorFlow's messages. That TensorBoard itself reads them is
 * for tools/check_tensorboard.py to show.
 */
class TensorBoardTest {
  private static final Clock NOON =
      Clock.fixed(Instant.ofEpochSecond(1000, 500_000_000), ZoneOffset.UTC);

  @TempDir static Path shared;
  private static Measurement measurement;

  @TempDir Path folder;

  @BeforeAll
  static void measure() throws IOException {
    measurement = Samples.measurement(shared);
  }

  private static List<Event> events(Path run) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(run)) {
      files = all.toList();
    }
    assertThat(files).hasSize(1);
    assertThat(files.get(0).getFileName()).hasToString("events.out.tfevents.0000001000.deepxray");
    List<Event> events = new ArrayList<>();
    try (TfRecordReader reader = TfRecordReader.open(files.get(0))) {
      for (Optional<byte[]> next = reader.next(); next.isPresent(); next = reader.next()) {
        events.add(Event.parseFrom(next.get(), ExtensionRegistryLite.getEmptyRegistry()));
      }
    }
    return events;
  }

  private static Map<String, Summary.Value> values(Path run) throws IOException {
    Map<String, Summary.Value> values = new LinkedHashMap<>();
    for (Event event : events(run)) {
      event.getSummary().getValueList().forEach(value -> values.put(value.getTag(), value));
    }
    return values;
  }

  private TensorBoard board() {
    return new TensorBoard(folder, NOON);
  }

  private Map<String, Summary.Value> evaluation() throws IOException {
    try (TensorBoard board = board()) {
      board.onOptions(Map.of("epochs", "40", "head", "logistic", "resume", "true", "lr", "-1e-3"));
      board.onStage(Tracker.EVALUATION);
      board.onEvaluated(measurement);
    }
    return values(folder.resolve(Tracker.EVALUATION));
  }

  @Test
  void eachEpochIsAStepOfEveryCurve() throws IOException {
    try (TensorBoard board = board()) {
      board.onStage(Tracker.FINE_TUNE);
      board.onEpochEnd(Samples.epoch(0));
      board.onEpochEnd(Samples.epoch(1));
      // Flushed: TensorBoard may watch while training goes on.
      assertThat(events(folder.resolve("finetune"))).hasSize(15);
    }
    List<Event> events = events(folder.resolve("finetune"));
    assertThat(events.get(0).getFileVersion()).isEqualTo("brain.Event:2");
    assertThat(events).allSatisfy(event -> assertThat(event.getWallTime()).isEqualTo(1000.5));
    Map<String, List<Float>> curves = new LinkedHashMap<>();
    for (Event event : events.subList(1, events.size())) {
      Summary.Value value = event.getSummary().getValue(0);
      curves.computeIfAbsent(value.getTag(), tag -> new ArrayList<>()).add(value.getSimpleValue());
      assertThat(event.getStep()).isEqualTo(curves.get(value.getTag()).size());
    }
    assertThat(curves)
        .isEqualTo(
            Map.of(
                "epoch/loss", List.of(1f, 0.5f),
                "epoch/validation_loss", List.of(0.5f, 0.5f),
                "epoch/validation_auc", List.of(0.75f, 0.75f),
                "epoch/framed_loss", List.of(0.625f, 0.625f),
                "epoch/framed_auc", List.of(0.875f, 0.875f),
                "epoch/learning_rate", List.of(0.001f, 0.001f),
                "epoch/sparsity", List.of(0f, 0.25f)));
  }

  @Test
  void everyTensorHasAHistogramAtTheLastEpoch() throws IOException {
    try (TensorBoard board = board()) {
      board.onStage(Tracker.TRAIN);
      board.onEpochEnd(Samples.epoch(6));
      board.onTrained(Samples.model());
    }
    List<Event> histograms =
        events(folder.resolve("train")).stream()
            .filter(event -> event.getSummary().getValueCount() == 1)
            .filter(event -> event.getSummary().getValue(0).hasHisto())
            .toList();
    assertThat(histograms)
        .extracting(event -> event.getSummary().getValue(0).getTag())
        .containsExactlyElementsOf(
            Samples.model().model().weights().names().stream()
                .sorted()
                .map(name -> "weights/" + name)
                .toList());
    assertThat(histograms).allSatisfy(event -> assertThat(event.getStep()).isEqualTo(7));
    HistogramProto kernel =
        histograms.stream()
            .map(event -> event.getSummary().getValue(0))
            .filter(value -> value.getTag().contains("kernel"))
            .findFirst()
            .orElseThrow()
            .getHisto();
    // 0, 1, 2, 3
    assertThat(kernel.getMin()).isZero();
    assertThat(kernel.getMax()).isEqualTo(3);
    assertThat(kernel.getNum()).isEqualTo(4);
    assertThat(kernel.getSum()).isEqualTo(6);
    assertThat(kernel.getSumSquares()).isEqualTo(14);
    assertThat(kernel.getBucketLimitList()).hasSize(30).isSorted().endsWith(3.0);
    assertThat(kernel.getBucket(0)).isEqualTo(1);
    assertThat(kernel.getBucket(10)).isEqualTo(1);
    assertThat(kernel.getBucket(20)).isEqualTo(1);
    assertThat(kernel.getBucket(29)).isEqualTo(1);
    assertThat(kernel.getBucketList().stream().mapToDouble(Double::doubleValue).sum()).isEqualTo(4);
  }

  @Test
  void equalValuesAreOneBucket() {
    HistogramProto histogram = Histograms.of(new float[] {2, 2, 2});
    assertThat(histogram.getBucketList()).containsExactly(3.0);
    assertThat(histogram.getBucketLimitList()).containsExactly(2.0);
  }

  @Test
  void theEvaluationHasMetricsOfBothSplits() throws IOException {
    Map<String, Summary.Value> values = evaluation();
    for (String split : List.of("validation", "test")) {
      for (Metric metric : Metric.values()) {
        assertThat(values).containsKey(split + "/" + metric.id());
      }
      assertThat(values.get(split + "/threshold").getSimpleValue())
          .isEqualTo((float) Samples.THRESHOLD);
    }
    List<ScoredExample> test = measurement.predictions().get(Split.TEST).scores().examples();
    long right =
        test.stream().filter(e -> (e.label() == 1) == (e.score(1) >= Samples.THRESHOLD)).count();
    assertThat(values.get("test/accuracy").getSimpleValue())
        .isCloseTo((float) right / test.size(), within(1e-6f));
  }

  @Test
  void theCurveCountsAtEveryThreshold() throws IOException {
    Summary.Value curve = evaluation().get("precision_recall/test PNEUMONIA");
    assertThat(curve.getMetadata().getPluginData().getPluginName()).isEqualTo("pr_curves");
    UnknownFieldSet content =
        UnknownFieldSet.parseFrom(curve.getMetadata().getPluginData().getContent());
    assertThat(content.getField(2).getVarintList()).containsExactly(201L);
    assertThat(curve.getTensor().getTensorShape().getDimList())
        .extracting(dim -> dim.getSize())
        .containsExactly(6L, 201L);
    List<Float> matrix = curve.getTensor().getFloatValList();
    List<ScoredExample> test = measurement.predictions().get(Split.TEST).scores().examples();
    long positives = test.stream().filter(e -> e.label() == 1).count();
    for (int i = 0; i <= 200; i++) {
      double threshold = i / 200.0;
      long called = test.stream().filter(e -> e.score(1) >= threshold).count();
      long found = test.stream().filter(e -> e.score(1) >= threshold && e.label() == 1).count();
      assertThat(
              List.of(
                  matrix.get(i),
                  matrix.get(201 + i),
                  matrix.get(402 + i),
                  matrix.get(603 + i),
                  matrix.get(804 + i),
                  matrix.get(1005 + i)))
          .as("threshold %s", threshold)
          .containsExactly(
              (float) found,
              (float) (called - found),
              (float) (test.size() - positives - called + found),
              (float) (positives - found),
              called == 0 ? 0f : (float) ((double) found / called),
              (float) ((double) found / positives));
    }
  }

  @Test
  void mistakesAreShownWorstFirstWithTheirProbability() throws IOException {
    List<ScoredExample> test = measurement.predictions().get(Split.TEST).scores().examples();
    List<String> missed = new ArrayList<>();
    List<String> falseAlarms = new ArrayList<>();
    // Probabilities rise from image to image.
    for (ScoredExample e : test) {
      boolean called = e.score(1) >= Samples.THRESHOLD;
      String name =
          String.format(
              Locale.ROOT,
              "%s p=%.4f %s",
              called ? "PNEUMONIA" : "NORMAL",
              e.score(called ? 1 : 0),
              Path.of(e.id()).getFileName());
      if (e.label() == 1 && !called) {
        missed.add(name);
      } else if (e.label() == 0 && called) {
        falseAlarms.add(0, name);
      }
    }
    assertThat(missed.size() + falseAlarms.size()).isPositive();
    Map<String, Summary.Value> values = evaluation();
    assertThat(names(values, "mistakes_test/PNEUMONIA ")).isEqualTo(missed);
    assertThat(names(values, "mistakes_test/NORMAL ")).isEqualTo(falseAlarms);
    for (XrayRecord record : measurement.dataset().readAll(Split.TEST)) {
      String name = Path.of(record.filename()).getFileName().toString();
      values.forEach(
          (tag, value) -> {
            if (tag.startsWith("mistakes_test/") && tag.endsWith(" " + name)) {
              assertThat(value.getImage().getEncodedImageString().toByteArray())
                  .isEqualTo(record.image());
              assertThat(value.getImage().getHeight()).isEqualTo(32);
              assertThat(value.getImage().getWidth()).isEqualTo(32);
              assertThat(value.getImage().getColorspace()).isIn(1, 3);
            }
          });
    }
  }

  private static List<String> names(Map<String, Summary.Value> values, String group) {
    return values.keySet().stream()
        .filter(tag -> tag.startsWith(group))
        .map(tag -> tag.substring(group.length() + "01 ".length()))
        .toList();
  }

  @Test
  void embeddingsAreCountedByClass() throws IOException {
    Map<String, Summary.Value> values = evaluation();
    double all = 0;
    for (Map.Entry<String, Summary.Value> value : values.entrySet()) {
      if (value.getKey().startsWith("embeddings/test_")) {
        all += value.getValue().getHisto().getNum();
      }
    }
    assertThat(values).containsKey("embeddings/test_normal");
    assertThat(values.get("embeddings/test_normal").getHisto().getNum()).isEqualTo(5 * 4);
    assertThat(all).isEqualTo(11 * 4);
  }

  @Test
  void optionsBeginTheSessionAsNumbersTruthValuesAndTexts() throws IOException {
    Map<String, Summary.Value> values = evaluation();
    Summary.Value start = values.get("_hparams_/session_start_info");
    assertThat(start.getMetadata().getPluginData().getPluginName()).isEqualTo("hparams");
    assertThat(start.getTensor().getTensorShape().getDim(0).getSize()).isZero();
    UnknownFieldSet info =
        UnknownFieldSet.parseFrom(
            UnknownFieldSet.parseFrom(start.getMetadata().getPluginData().getContent())
                .getField(3)
                .getLengthDelimitedList()
                .get(0));
    Map<String, Object> options = new LinkedHashMap<>();
    for (var bytes : info.getField(1).getLengthDelimitedList()) {
      UnknownFieldSet entry = UnknownFieldSet.parseFrom(bytes);
      var value =
          Value.parseFrom(
              entry.getField(2).getLengthDelimitedList().get(0),
              ExtensionRegistryLite.getEmptyRegistry());
      options.put(
          entry.getField(1).getLengthDelimitedList().get(0).toStringUtf8(),
          switch (value.getKindCase()) {
            case NUMBER_VALUE -> value.getNumberValue();
            case BOOL_VALUE -> value.getBoolValue();
            default -> value.getStringValue();
          });
    }
    assertThat(options)
        .isEqualTo(Map.of("epochs", 40.0, "head", "logistic", "resume", true, "lr", -0.001));
    assertThat(values.keySet().stream().reduce((a, b) -> b)).contains("_hparams_/session_end_info");
  }

  @Test
  void theSameRunGivesTheSameBytes() throws IOException {
    List<String> hashes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      evaluation();
      hashes.add(
          Hashes.sha256(folder.resolve("evaluation/events.out.tfevents.0000001000.deepxray")));
    }
    assertThat(hashes.get(0)).isEqualTo(hashes.get(1));
  }

  @Test
  void aStageThatRunsAgainReplacesItsRunAlone() throws IOException {
    try (TensorBoard board = board()) {
      board.onStage(Tracker.TRAIN);
      board.onStage(Tracker.FINE_TUNE);
    }
    Path other = Files.writeString(folder.resolve("train/notes.txt"), "mine");
    Clock later = Clock.offset(NOON, Duration.ofSeconds(60));
    try (TensorBoard board = new TensorBoard(folder, later)) {
      board.onStage(Tracker.TRAIN);
    }
    assertThat(folder.resolve("train/events.out.tfevents.0000001060.deepxray")).exists();
    assertThat(folder.resolve("train/events.out.tfevents.0000001000.deepxray")).doesNotExist();
    assertThat(folder.resolve("finetune/events.out.tfevents.0000001000.deepxray")).exists();
    board().deleteFiles();
    assertThat(folder.resolve("finetune")).doesNotExist();
    assertThat(folder.resolve("train")).isDirectoryContaining(other::equals);
    assertThat(folder.resolve("train/events.out.tfevents.0000001060.deepxray")).doesNotExist();
  }
}
