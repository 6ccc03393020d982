package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.Prediction;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.InputStatistics;
import io.github.deepxray.datasets.LabelledImage;
import io.github.deepxray.datasets.LabelledImages;
import io.github.deepxray.datasets.LabelledImages.Analyzed;
import io.github.deepxray.datasets.LabelledImages.Reading;
import io.github.deepxray.report.SiteAdaptation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Images of a site, scored by the forms of a bundle.
 *
 * @param source the path of the images
 * @param reading the images with their predictions by form
 * @param patients the patient of each image; patients with an identical image are one
 * @param seen the number of images that the classifier was trained or chosen on, if known
 */
record SiteScores(
    Path source,
    Reading<SiteScores.Scored> reading,
    List<String> patients,
    Optional<Integer> seen) {
  /** Predictions for an image by form, and its statistics. */
  record Scored(Map<String, Prediction> predictions, InputStatistics input) {}

  /** Forms of a bundle that are run, which close together. */
  private record Forms(Map<String, Classifier> classifiers) implements AutoCloseable {
    static Forms open(Bundle bundle, Artifact main) throws IOException {
      Forms forms = new Forms(new LinkedHashMap<>());
      try {
        for (ArtifactReport report : bundle.artifacts()) {
          Artifact artifact = report.toArtifact();
          boolean usable =
              report.verdict().blessed() && artifact.supported() && artifact.isIn(bundle);
          if (usable || artifact.key().equals(main.key())) {
            Classifier.Options options = Classifier.Options.DEFAULT.withArtifact(artifact);
            forms.classifiers.put(artifact.key(), Classifier.open(bundle.folder(), options));
          }
        }
        return forms;
      } catch (IOException | RuntimeException e) {
        forms.close();
        throw e;
      }
    }

    Map<String, Prediction> classify(RgbImage input) {
      Map<String, Prediction> predictions = new HashMap<>();
      classifiers.forEach((key, classifier) -> predictions.put(key, classifier.classify(input)));
      return predictions;
    }

    @Override
    public void close() {
      classifiers.values().forEach(Classifier::close);
    }
  }

  /**
   * Runs the forms of a bundle that the gate has blessed, and the main one, on images.
   *
   * @param chosen some of the images of the source
   */
  static SiteScores read(SiteRequest request, LabelledImages images, List<LabelledImage> chosen)
      throws IOException {
    Bundle bundle = request.bundle();
    Fit fit = bundle.fit();
    int side = request.own().dataset().options().imageSize();
    AdaptationSpec spec = request.spec();
    try (Forms forms = Forms.open(bundle, spec.artifact())) {
      Reading<Scored> reading =
          images.read(
              chosen,
              spec.cores(),
              request.progress(),
              (image, decoded) -> {
                RgbImage input = fit.apply(decoded, side, side);
                return new Scored(forms.classify(input), InputStatistics.of(decoded, input));
              });
      ExternalImages.refuseBad(request.source(), reading, spec.maxBad());
      Optional<Integer> seen =
          request
              .own()
              .seen()
              .map(
                  hashes ->
                      ExternalImages.seen(request.source(), reading, hashes, spec.seenAllowed()));
      return new SiteScores(request.source(), reading, linked(reading.images()), seen);
    }
  }

  /** Patient of each image: those who share an image are one, or it would be in both parts. */
  private static List<String> linked(List<Analyzed<Scored>> images) {
    Map<String, String> parents = new HashMap<>();
    Map<String, String> byHash = new HashMap<>();
    for (Analyzed<Scored> image : images) {
      String patient = image.image().patient();
      String other = byHash.computeIfAbsent(image.sha256(), hash -> patient);
      String root = root(parents, patient);
      String first = root(parents, other);
      // The smaller name, so that the order of the images does not matter.
      if (!root.equals(first)) {
        boolean smaller = root.compareTo(first) < 0;
        parents.put(smaller ? first : root, smaller ? root : first);
      }
    }
    return images.stream().map(image -> root(parents, image.image().patient())).toList();
  }

  private static String root(Map<String, String> parents, String patient) {
    String root = patient;
    while (parents.containsKey(root)) {
      root = parents.get(root);
    }
    return root;
  }

  /** Scores by a form that was run. */
  SplitScores of(String form) {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < patients.size(); i++) {
      Analyzed<Scored> image = reading.images().get(i);
      examples.add(
          new ScoredExample(
              image.image().path(),
              patients.get(i),
              image.image().label().index(),
              image.value().predictions().get(form).probability()));
    }
    return new SplitScores(examples);
  }

  /** Names of the forms that were run. */
  List<String> forms() {
    return reading.images().get(0).value().predictions().keySet().stream().sorted().toList();
  }

  /** Share of the images that the input guard of a form flags; empty without a guard. */
  OptionalDouble unfamiliar(String form) {
    List<Prediction> predictions =
        reading.images().stream().map(image -> image.value().predictions().get(form)).toList();
    return predictions.get(0).unfamiliarity().isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(
            predictions.stream().filter(Prediction::unfamiliar).count()
                / (double) predictions.size());
  }

  /** Statistics of the images. */
  List<InputStatistics> inputs() {
    return reading.images().stream().map(image -> image.value().input()).toList();
  }

  /**
   * Description of the images.
   *
   * @param main form whose input guard counts
   */
  SiteAdaptation.Site site(String main) {
    return new SiteAdaptation.Site(
        String.valueOf(source.getFileName()),
        reading.source(),
        patients.size(),
        (int) patients.stream().distinct().count(),
        seen,
        reading.quarantined().size(),
        unfamiliar(main));
  }
}
