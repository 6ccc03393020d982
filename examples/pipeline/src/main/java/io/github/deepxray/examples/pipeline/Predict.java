package io.github.deepxray.examples.pipeline;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Classifier;
import java.nio.file.Path;

/** Classifies images with a bundle, at the threshold chosen on validation. */
final class Predict {
  private Predict() {}

  /** Arguments: the bundle, then JPEG or PNG files. */
  public static void main(String[] arguments) throws Exception {
    Path bundle = Path.of(arguments[0]);
    try (Classifier classifier =
        Classifier.open(bundle, Classifier.Options.DEFAULT.withArtifact(Artifact.DYNAMIC))) {
      for (int i = 1; i < arguments.length; i++) {
        System.out.println(arguments[i] + ": " + classifier.classify(Path.of(arguments[i])));
      }
    }
  }
}
