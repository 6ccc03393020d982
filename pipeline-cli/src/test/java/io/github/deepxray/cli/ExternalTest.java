package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Drift.Extent;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.InputStatistics;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.SeenImages;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.pipeline.Bundles;
import io.github.deepxray.pipeline.DataSource;
import io.github.deepxray.pipeline.ExternalSpec;
import io.github.deepxray.report.ExternalValidation;
import io.github.deepxray.text.internal.Csv;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A bundle that is evaluated on other images than its own. */
class ExternalTest {
  private static final Set<String> FILES =
      Set.of("external-report.html", "external.json", "predictions.csv");

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path hospital;

  /** The test images as the table of a hospital, with columns, a bad file and a repeated image. */
  @BeforeAll
  static void makeTable() throws IOException {
    SmallRun.bundle();
    List<XrayRecord> records =
        PreparedDataset.open(SmallRun.out().resolve("data")).readAll(Split.TEST);
    StringBuilder rows = new StringBuilder("path,label,patient,sex,site\n");
    for (int i = 0; i < records.size(); i++) {
      Files.write(shared.resolve(i + ".jpeg"), records.get(i).image());
      rows.append(row(i + ".jpeg", records.get(i).label().index(), i));
    }
    Files.write(shared.resolve("again.jpeg"), records.get(0).image());
    rows.append(row("again.jpeg", records.get(0).label().index(), 0));
    Files.writeString(shared.resolve("bad.jpeg"), "not an image");
    rows.append(row("bad.jpeg", 0, 99));
    hospital = Files.writeString(shared.resolve("hospital.csv"), rows.toString());
  }

  private static String row(String path, int label, int i) {
    return "%s,%s,p%s,%s,%s\n"
        .formatted(
            path,
            label == 1 ? "PNEUMONIA" : "NORMAL",
            i,
            i % 2 == 0 ? "F" : "M",
            i % 4 == 0 ? "" : "north");
  }

  private Outcome evaluate(Path out, Object... more) {
    Stream<Object> arguments = Stream.of("evaluate", SmallRun.bundle(), "--out", out);
    return Outcome.of(Stream.concat(arguments, Arrays.stream(more)).toArray());
  }

  private static Map<String, String> contents(Path out) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(out)) {
      for (Path file : files.toList()) {
        contents.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    return contents;
  }

  private static ExternalValidation result(Path out) throws IOException {
    return ExternalValidation.read(out.resolve(ExternalValidation.FILE));
  }

  @Test
  void countsTheImagesUnlikeTheTrainingImages() throws IOException {
    double limit = 0.5;
    Map<String, Boolean> unfamiliar = new TreeMap<>();
    try (InferenceEngine engine = Engines.named("tensorflow").create(SmallRun.guardedModel(), 1)) {
      for (XrayRecord record :
          PreparedDataset.open(SmallRun.out().resolve("data")).readAll(Split.TEST)) {
        float[] input = new float[SmallRun.SIZE * SmallRun.SIZE * 3];
        ImageCodec.decode(record.image(), "test").copyTo(input, 0);
        unfamiliar.put(record.filename(), engine.run(input, 1)[1][0] > limit);
      }
    }
    long some = unfamiliar.values().stream().filter(is -> is).count();
    assertThat(some).isBetween(1L, unfamiliar.size() - 1L);
    Path bundle = SmallRun.writeGuarded(folder.resolve("bundle"), limit);
    Path out = folder.resolve("guarded");
    Path data = SmallRun.out().resolve("data");
    Outcome outcome =
        Outcome.of("evaluate", bundle, "--out", out, "--data", data, "--split", "test");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains("  unlike the training images: " + some + ", ", "  without them: AUC ")
        .contains("- " + some + " of 28 images (");
    ExternalValidation.Guard guard = result(out).guard().orElseThrow();
    assertThat(guard.limit()).isEqualTo(limit);
    assertThat(guard.unfamiliar()).isEqualTo(some);
    assertThat(guard.share().value()).isCloseTo(some / 28.0, within(1e-12));
    // Of few validation images, none is beyond the limit.
    assertThat(guard.own()).hasValue(0);
    assertThat(guard.familiar().orElseThrow().evaluation().total()).isEqualTo(28 - some);
    // The metrics are of all images.
    assertThat(result(out).evaluation().total()).isEqualTo(28);
    Path predictions = out.resolve("predictions.csv");
    assertThat(Predictions.read(predictions).rows()).hasSize(28);
    Map<String, Boolean> said = new TreeMap<>();
    for (Map<String, String> row : Csv.rows(predictions, List.of("filename", "unfamiliarity"))) {
      said.put(row.get("filename"), Boolean.valueOf(row.get("unfamiliar")));
    }
    assertThat(said).isEqualTo(unfamiliar);
  }

  @Test
  void theOwnTestSplitHasTheMetricsOfTheBundle() throws IOException {
    Path out = folder.resolve("own");
    // The archive's images are larger than those in the shards, on which the bundle was evaluated.
    Path data = SmallRun.out().resolve("data");
    Outcome outcome = evaluate(out, "--data", data, "--split", "test");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    ExternalValidation result = result(out);
    ModelMetrics metrics = ModelMetrics.read(SmallRun.bundle().resolve(ModelMetrics.FILE));
    for (Metric metric : Metric.values()) {
      Interval own = metrics.of(Split.TEST, metric);
      assertThat(result.reference().of(metric)).isEqualTo(own);
      assertThat(result.evaluation().of(metric, ExternalValidation.DECISION).value())
          .as(metric.id())
          .isCloseTo(own.value(), within(1e-5));
      assertThat(result.reference().difference(metric).value()).isCloseTo(0, within(1e-5));
    }
    assertThat(result.data().seen()).hasValue(0);
    assertThat(result.data().split()).hasValue(Split.TEST);
    assertThat(result.drift())
        .extracting(ExternalValidation.NamedDrift::name)
        .contains("probability of PNEUMONIA", "brightness", "aspect ratio");
    assertThat(result.drift())
        .allMatch(
            named ->
                (named.drift().extent() == Extent.CHANCE) != named.name().equals("size in pixels"));
    assertThat(outcome.out())
        .contains("28 images of", "own test split", "Few patients (NORMAL", "external-report.html");
    Predictions predictions = Predictions.read(out.resolve("predictions.csv"));
    Predictions own = Predictions.read(SmallRun.bundle().resolve("predictions-test.csv"));
    assertThat(predictions.rows()).hasSameSizeAs(own.rows());
    for (int i = 0; i < own.rows().size(); i++) {
      assertThat(predictions.rows().get(i).slice()).isEqualTo(own.rows().get(i).slice());
      assertThat(predictions.rows().get(i).example().score(1))
          .isCloseTo(own.rows().get(i).example().score(1), within(1e-5));
    }
  }

  @Test
  void imagesOfTheTrainingAreRefused() throws IOException {
    Path out = folder.resolve("seen");
    Path data = SmallRun.out().resolve("data");
    PreparedDataset dataset = PreparedDataset.open(data);
    int seen = dataset.images(Split.TRAIN) + dataset.images(Split.VALIDATION);
    for (Path source : List.of(SmallRun.archive(), data)) {
      Outcome refused = evaluate(out, "--data", source);
      assertThat(refused.code()).isEqualTo(1);
      assertThat(refused.errLines().get(refused.errLines().size() - 1))
          .startsWith("deepxray: ")
          .contains("trained or chosen on " + seen + " of the 84 images, such as tr")
          .contains("--allow-seen");
      assertThat(out).doesNotExist();
    }
    Outcome allowed = evaluate(out, "--data", SmallRun.archive(), "--allow-seen");
    assertThat(allowed.code()).as(allowed.err()).isZero();
    assertThat(allowed.out()).contains(seen + " of 84 images are training or validation images");
    assertThat(result(out).data().seen()).hasValue(seen);
    assertThat(Files.readString(out.resolve("external-report.html")))
        .contains("the metrics are too good");
  }

  @Test
  void aTableHasSlicesAndWhatIsBadIsListed() throws IOException {
    Path out = folder.resolve("slices");
    Outcome outcome =
        evaluate(out, "--data", hospital, "--slices", "sex,site", "--max-bad", 0.1, "--threads", 1);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    ExternalValidation result = result(out);
    assertThat(result.slices())
        .extracting(ExternalValidation.SliceMetrics::name)
        .containsExactly("sex = F", "sex = M", "site = (empty)", "site = north");
    assertThat(result.slices().get(0).evaluation().total()).isEqualTo(15);
    assertThat(result.evaluation().total()).isEqualTo(29);
    assertThat(result.evaluation().patients()).isEqualTo(28);
    assertThat(result.data().identical()).isEqualTo(1);
    assertThat(result.data().quarantined())
        .hasSize(1)
        .first()
        .matches(q -> q.file().equals("bad.jpeg"));
    double worst =
        result.slices().stream().mapToDouble(s -> s.of(Metric.AUC).value()).min().orElseThrow();
    assertThat(result.worst(Metric.AUC).orElseThrow().of(Metric.AUC).value()).isEqualTo(worst);
    assertThat(outcome.out())
        .contains("Worst of 4 slices: AUC of " + result.worst(Metric.AUC).orElseThrow().name())
        .contains("Not evaluated: 1 of 30 files, the first is bad.jpeg")
        .contains("1 images repeat another");

    Path again = folder.resolve("again");
    evaluate(again, "--data", hospital, "--slices", "sex,site", "--max-bad", 0.1, "--threads", 3);
    assertThat(contents(again)).isEqualTo(contents(out)).containsOnlyKeys(FILES);
  }

  @Test
  void thePageIsWellFormedAndNeedsNothingBesideIt() throws Exception {
    Path out = folder.resolve("page");
    evaluate(out, "--data", hospital, "--slices", "sex", "--max-bad", 1);
    String page = Files.readString(out.resolve("external-report.html"));
    assertThat(page)
        .startsWith("<!DOCTYPE html>\n")
        .contains("External validation of", "Not a medical device", "sex = F", "bad.jpeg")
        .contains("prefers-color-scheme: dark")
        .doesNotContain("://", "<script", "<link", "<img", " src=", "NaN", "null");
    DocumentBuilderFactory.newDefaultInstance()
        .newDocumentBuilder()
        .parse(
            new ByteArrayInputStream(
                page.substring(page.indexOf('\n')).getBytes(StandardCharsets.UTF_8)));
  }

  /** A copy of the bundle without files that an earlier build did not write. */
  private Path earlierBundle() throws IOException {
    Path copy = folder.resolve("earlier");
    try (Stream<Path> files = Files.walk(SmallRun.bundle())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = copy.resolve(SmallRun.bundle().relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    }
    Files.delete(copy.resolve(SeenImages.FILE));
    Files.delete(copy.resolve(InputStatistics.fileName(Split.TEST)));
    AtomicFiles.write(copy.resolve(Bundle.CHECKSUMS), Bundle.checksums(copy));
    return copy;
  }

  @Test
  void ofAnEarlierBundleItIsSaidThatItCannotBeChecked() throws IOException {
    ExternalValidation result =
        Bundles.evaluate(
            Bundle.open(earlierBundle()),
            DataSource.of(SmallRun.archive()),
            ExternalSpec.DEFAULT.withArtifact(Artifact.DYNAMIC).withCores(2),
            folder.resolve("out"),
            Progress.NONE);
    assertThat(result.data().seen()).isEmpty();
    assertThat(result.model().artifact()).isEqualTo("dynamic");
    assertThat(result.evaluation().total()).isEqualTo(84);
    assertThat(result.remarks().get(0)).contains("cannot be checked");
    assertThat(result.drift()).extracting(d -> d.name()).doesNotContain("brightness");
    assertThat(result(folder.resolve("out"))).isEqualTo(result);
    assertThat(Files.readString(folder.resolve("out/external-report.html")))
        .contains("cannot be checked");
  }

  @Test
  void aDamagedRecordIsRefused() throws IOException {
    Path bundle = earlierBundle();
    Files.writeString(bundle.resolve("predictions-test.csv"), "filename\n");
    assertThat(
            Outcome.of("evaluate", bundle, "--data", hospital, "--out", folder.resolve("o")).err())
        .contains("predictions-test.csv has changed since it was written");
    Path out = folder.resolve("record");
    evaluate(out, "--data", hospital, "--max-bad", 1);
    Path file = out.resolve(ExternalValidation.FILE);
    ObjectNode tree = (ObjectNode) Json.read(file);
    tree.withObject("/data").putArray("patients").add(1);
    Json.write(file, tree);
    assertThatThrownBy(() -> ExternalValidation.read(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("external.json");
  }

  @Test
  void requiredValuesDecideTheExitCode() throws IOException {
    Object[] data = {"--data", hospital, "--max-bad", "1", "--min-auc", "0"};
    Path out = folder.resolve("min");
    assertThat(evaluate(out, data).code()).isZero();
    double sensitivity = result(out).of(Metric.SENSITIVITY).value();
    List<Object> more = new ArrayList<>(Arrays.asList(data));
    more.addAll(List.of("--min-sensitivity", sensitivity));
    assertThat(evaluate(out, more.toArray()).code()).isZero();
    data[5] = "1";
    Outcome missed = evaluate(out, data);
    assertThat(missed.code()).isEqualTo(1);
    assertThat(missed.err()).contains("deepxray: The AUC is ", ", below --min-auc 1.0.");
    // The result is written and printed all the same.
    assertThat(missed.out()).contains("external-report.html");
  }

  @Test
  void otherClassesAreRefused() throws IOException {
    Path csv = folder.resolve("other.csv");
    Files.copy(shared.resolve("0.jpeg"), folder.resolve("0.jpeg"));
    Files.copy(shared.resolve("1.jpeg"), folder.resolve("1.jpeg"));
    Files.writeString(csv, "path,label\n0.jpeg,sick\n1.jpeg,well\n");
    Outcome outcome = evaluate(folder.resolve("o"), "--data", csv);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("has the classes sick, well, but the model tells NORMAL, PNEUMONIA apart");
    assertThat(folder.resolve("o")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | --data T --max-bad 0              | 1 of 30 image files (3.33 %) are bad",
        "1 | --data T --slices age --max-bad 1 | has no column age for slices; choose of sex, site",
        "1 | --data T --split test --max-bad 1 | has no labelled images in the split test",
        "1 | --data Z --slices sex             | has no column sex for slices; give a CSV file",
        "2 | --data T --min-auc 2              | --min-auc must be from 0 to 1",
        "2 | --data T --max-bad 2              | maxBad must be from 0 to 1",
        "2 | --data T --artifact int7          | There is no artifact int7",
        "2 | --data T --layout no              | A layout is a list of folders",
        "2 | --data T --cache c                | --cache would be ignored",
        "2 | --data T --tensorboard            | --tensorboard would be ignored",
        "2 | --data T --auc 0.9                | --auc would be ignored: it needs --plan",
        "2 | --plan --auc 0.9                  | --plan evaluates nothing",
        "2 | ''                                | Missing required option: '--data=",
      })
  void whatIsWrongIsTold(int code, String options, String part) {
    Object[] more =
        Stream.of(options.split(" "))
            .filter(option -> !option.isEmpty())
            .map(
                option ->
                    option.equals("T")
                        ? hospital
                        : option.equals("Z") ? SmallRun.archive() : option)
            .toArray();
    Outcome outcome = evaluate(folder.resolve("o"), more);
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(code);
    assertThat(outcome.err()).contains(part).doesNotContain("Exception");
    assertThat(folder.resolve("o")).doesNotExist();
  }

  @Test
  void withoutABundleItsOptionsAreRefused() {
    Outcome outcome = Outcome.of("evaluate", "--data", hospital, "--out", "o");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("--data would be ignored: it needs a bundle to evaluate");
    assertThat(Outcome.of("evaluate").err()).contains("Missing required option: '--out=<dir>'");
  }

  @Test
  void aPlanHasTheNumbersOfPatients() {
    Outcome plan =
        Outcome.of(
            "evaluate",
            "--plan",
            "--sensitivity",
            0.95,
            "--specificity",
            0.88,
            "--auc",
            0.98,
            "--width",
            0.05,
            "--prevalence",
            0.3);
    assertThat(plan.code()).as(plan.err()).isZero();
    assertThat(plan.out())
        .containsPattern("sensitivity 0.95 +304 +0 +304")
        .containsPattern("specificity 0.88 +0 +651 +651")
        .containsPattern("AUC 0.98 +62 +145 +207")
        .containsPattern("all +304 +651 +955")
        .contains("consecutive patients at a prevalence of 0.3: 1014");
    assertThat(Outcome.of("evaluate", "--plan").err()).contains("--plan needs an expected value");
    assertThat(Outcome.of("evaluate", "--plan", "--auc", 1).err())
        .contains("an expected AUC must be 0.5 to below 1");
    assertThat(Outcome.of("evaluate", "--plan", "--auc", 0.9, "--out", "o").code()).isEqualTo(2);
  }
}
