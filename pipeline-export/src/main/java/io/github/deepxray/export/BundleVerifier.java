package io.github.deepxray.export;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Metrics;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.tensorflow.SavedModelEngine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Checks a bundle: its hashes, that every artifact loads, and that all say what was measured. */
public final class BundleVerifier {
  /** How many images the signature that decodes in the graph is run on. */
  private static final int BYTES_IMAGES = 64;

  private static final int MANY = 100;

  private final Progress progress;
  private final int threads;

  /**
   * Prepares a verification.
   *
   * @param threads how many threads one call may use
   * @param progress told how far it is
   */
  public BundleVerifier(int threads, Progress progress) {
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * An artifact against the trained model on the test images.
   *
   * @param artifact its name
   * @param images how many images were compared
   * @param auc its area under the ROC curve
   * @param accuracy its accuracy at the default threshold
   * @param deltaAuc its AUC minus that of the trained model
   * @param deltaAccuracy its accuracy minus that of the trained model
   * @param maxDeltaProbability the largest difference of a probability
   * @param flipped how many images fall on the other side of the default threshold
   * @param imagesPerSecond how fast it ran, one image after another, decoding left out
   * @param passed whether all differences are within the artifact's tolerance
   */
  public record Parity(
      String artifact,
      int images,
      double auc,
      double accuracy,
      double deltaAuc,
      double deltaAccuracy,
      double maxDeltaProbability,
      int flipped,
      double imagesPerSecond,
      boolean passed) {}

  /**
   * What was found.
   *
   * @param problems files that differ from their checksums and artifacts that cannot be run, a line
   *     each
   * @param parities one for each artifact
   */
  public record Report(List<String> problems, List<Parity> parities) {
    /** Copies the lists. */
    public Report {
      problems = List.copyOf(problems);
      parities = List.copyOf(parities);
    }

    /** Whether no file is damaged and every artifact runs and is within its tolerance. */
    public boolean passed() {
      return problems.isEmpty() && parities.stream().allMatch(Parity::passed);
    }

    /** A text table of several lines. */
    public String table() {
      StringBuilder text = new StringBuilder();
      problems.forEach(line -> text.append("  WRONG  ").append(line).append('\n'));
      if (parities.isEmpty()) {
        return text.toString();
      }
      text.append(
          String.format(
              Locale.ROOT,
              "  %-17s %7s %7s %9s %8s %10s %11s %8s %9s  %s\n",
              "artifact",
              "images",
              "AUC",
              "accuracy",
              "dAUC",
              "daccuracy",
              "max |dp|",
              "flipped",
              "images/s",
              "verdict"));
      for (Parity p : parities) {
        text.append(
            String.format(
                Locale.ROOT,
                "  %-17s %7d %7.4f %9.4f %+8.4f %+10.4f %11.2e %8d %9.0f  %s\n",
                p.artifact,
                p.images,
                p.auc,
                p.accuracy,
                p.deltaAuc,
                p.deltaAccuracy,
                p.maxDeltaProbability,
                p.flipped,
                p.imagesPerSecond,
                p.passed ? "ok" : "BEYOND TOLERANCE"));
      }
      return text.toString();
    }
  }

  /**
   * Verifies a bundle on the test split of the data set it was evaluated on. What is wrong with the
   * bundle is in the report; artifacts that can be run are run, whatever else is damaged.
   *
   * @throws DeepXrayException if the data set is another one
   * @throws IOException if the data set or the list of checksums cannot be read
   */
  public Report verify(Bundle bundle, PreparedDataset dataset) throws IOException {
    List<String> problems = new ArrayList<>(bundle.damage());
    boolean intact = problems.isEmpty();
    double threshold;
    Map<String, ScoredExample> trained = new HashMap<>();
    try {
      if (!bundle.provenance().dataset().equals(dataset.fingerprint())) {
        throw new DeepXrayException(
            dataset.folder()
                + " is not the data set this bundle was evaluated on; give that one with --data.");
      }
      threshold = bundle.metrics().thresholds().sensitivity();
      for (ScoredExample example : bundle.predictions(Split.TEST.key()).examples()) {
        trained.put(example.id(), example);
      }
    } catch (DeepXrayException | IOException e) {
      if (intact) {
        throw e;
      }
      // The checksums have already said why.
      problems.add("there is nothing to compare with, no artifact was run");
      return new Report(problems, List.of());
    }
    List<Parity> parities = new ArrayList<>();
    for (Artifact artifact : Artifact.values()) {
      try (InferenceEngine engine = artifact.load(bundle, threads)) {
        Classifier.requireClassifier(engine, bundle.folder().resolve(artifact.path()));
        parities.add(
            compare(artifact.key(), artifact.tolerance(), engine, dataset, trained, threshold));
        if (engine instanceof SavedModelEngine savedModel) {
          parities.add(compareBytes(artifact, savedModel, dataset, trained, threshold));
        }
      } catch (IOException | RuntimeException e) {
        // A damaged artifact makes the native libraries raise anything.
        problems.add(
            artifact.key()
                + " cannot be run: "
                + String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString()));
      }
    }
    return new Report(problems, parities);
  }

  private Parity compare(
      String name,
      Artifact.Tolerance tolerance,
      InferenceEngine engine,
      PreparedDataset dataset,
      Map<String, ScoredExample> trained,
      double threshold)
      throws IOException {
    int height = engine.inputShape().get(0);
    int width = engine.inputShape().get(1);
    int size = height * width * 3;
    int batch = engine.preferredBatch();
    List<ScoredExample> scored = new ArrayList<>();
    double seconds = 0;
    try (XrayReader reader = dataset.read(Split.TEST);
        Progress.Task task = progress.start("verify " + name, dataset.images(Split.TEST))) {
      List<XrayRecord> records = new ArrayList<>();
      Optional<XrayRecord> next = reader.next();
      while (next.isPresent()) {
        records.add(next.get());
        next = reader.next();
        if (records.size() == batch || next.isEmpty()) {
          float[] input = new float[records.size() * size];
          for (int i = 0; i < records.size(); i++) {
            Resizer.resize(records.get(i).decode(), height, width).copyTo(input, i * size);
          }
          long start = System.nanoTime();
          float[] probabilities = engine.run(input, records.size())[0];
          seconds += (System.nanoTime() - start) / 1e9;
          for (int i = 0; i < records.size(); i++) {
            scored.add(scored(records.get(i), probabilities[i]));
          }
          task.advance(records.size());
          records.clear();
        }
      }
    }
    return parity(name, tolerance, scored, trained, threshold, seconds);
  }

  private Parity compareBytes(
      Artifact artifact,
      SavedModelEngine engine,
      PreparedDataset dataset,
      Map<String, ScoredExample> trained,
      double threshold)
      throws IOException {
    List<ScoredExample> scored = new ArrayList<>();
    double seconds = 0;
    // Every n-th image, so that both classes are among them.
    int every = Math.max(1, dataset.images(Split.TEST) / BYTES_IMAGES);
    String name = artifact.key() + " bytes";
    try (XrayReader reader = dataset.read(Split.TEST);
        Progress.Task task = progress.start("verify " + name, dataset.images(Split.TEST))) {
      int index = 0;
      for (Optional<XrayRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
        if (index++ % every == 0) {
          long start = System.nanoTime();
          float probability = engine.runBytes(List.of(next.get().image()))[0][0];
          seconds += (System.nanoTime() - start) / 1e9;
          scored.add(scored(next.get(), probability));
        }
        task.advance(1);
      }
    }
    return parity(name, artifact.tolerance(), scored, trained, threshold, seconds);
  }

  /** One image of few moves the AUC more: tolerances are for {@value #MANY} of each class. */
  private static double fewness(List<ScoredExample> scored) {
    long positives = scored.stream().filter(ScoredExample::positive).count();
    long fewer = Math.min(positives, scored.size() - positives);
    return Math.max(1, MANY / (double) Math.max(1, fewer));
  }

  private static ScoredExample scored(XrayRecord record, float probability) {
    return new ScoredExample(
        record.filename(), record.patient(), record.label().index() == 1, probability);
  }

  /**
   * How far the accuracy may move by chance: two standard errors of the difference of two paired
   * shares (McNemar 1947), which only the images on another side of the threshold make. Without it
   * a small test split could not pass: one image of 100 is more than most tolerances.
   */
  private static double chance(int flipped, int images) {
    return 2 * Math.sqrt(flipped) / images;
  }

  private static Parity parity(
      String name,
      Artifact.Tolerance tolerance,
      List<ScoredExample> scored,
      Map<String, ScoredExample> trained,
      double threshold,
      double seconds) {
    List<ScoredExample> reference = new ArrayList<>();
    double largest = 0;
    int flipped = 0;
    for (ScoredExample example : scored) {
      ScoredExample expected = trained.get(example.id());
      if (expected == null) {
        throw new DeepXrayException(
            "The bundle has no prediction for " + example.id() + "; export it again.");
      }
      reference.add(expected);
      largest = Math.max(largest, Math.abs(example.probability() - expected.probability()));
      if (example.probability() >= threshold != expected.probability() >= threshold) {
        flipped++;
      }
    }
    double auc = Metrics.auc(scored);
    double accuracy = ConfusionMatrix.of(scored, threshold).accuracy();
    double deltaAuc = auc - Metrics.auc(reference);
    double deltaAccuracy = accuracy - ConfusionMatrix.of(reference, threshold).accuracy();
    boolean passed =
        largest <= tolerance.probability()
            // One class alone has no AUC; then the probabilities decide.
            && !(Math.abs(deltaAuc) > tolerance.auc() * fewness(scored))
            && Math.abs(deltaAccuracy)
                <= Math.max(tolerance.accuracy(), chance(flipped, scored.size()));
    return new Parity(
        name,
        scored.size(),
        auc,
        accuracy,
        deltaAuc,
        deltaAccuracy,
        largest,
        flipped,
        scored.size() / seconds,
        passed);
  }
}
