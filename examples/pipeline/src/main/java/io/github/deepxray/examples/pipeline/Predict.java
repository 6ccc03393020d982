package io.github.deepxray.examples.pipeline;

import io.github.deepxray.core.bundle.Artifact;
import io.github.deepxray.export.Classifier;
import java.nio.file.Path;
import java.util.OptionalDouble;

/** Classifies images with a bundle, at the threshold that was chosen on validation. */
final class Predict {
  private Predict() {}

  /** Arguments: the bundle, then JPEG or PNG files. */
  public static void main(String[] arguments) throws Exception {
    Path bundle = Path.of(arguments[0]);
    try (Classifier classifier =
        Classifier.load(bundle, Artifact.DYNAMIC, OptionalDouble.empty(), 1)) {
      for (int i = 1; i < arguments.length; i++) {
        System.out.println(arguments[i] + ": " + classifier.classify(Path.of(arguments[i])));
      }
    }
  }
}
