package io.github.deepxray.examples.modular;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.Prediction;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Classifies images on several threads and prints the results as protobuf and as JSON. */
public final class Classify {
  private Classify() {}

  /** Arguments: the bundle, then image files. */
  public static void main(String[] arguments) throws Exception {
    if (!Classify.class.getModule().isNamed()) {
      throw new IllegalStateException("run this on the module path");
    }
    List<Path> images = Arrays.stream(arguments).skip(1).map(Path::of).toList();
    try (Classifier classifier = Classifier.open(Path.of(arguments[0]))) {
      List<Prediction> alone = images.stream().map(image -> classify(classifier, image)).toList();
      List<Prediction> parallel =
          IntStream.range(0, 4 * images.size())
              .parallel()
              .mapToObj(i -> classify(classifier, images.get(i % images.size())))
              .toList();
      for (int i = 0; i < parallel.size(); i++) {
        if (!parallel.get(i).equals(alone.get(i % images.size()))) {
          throw new IllegalStateException("another answer in parallel");
        }
      }
      Struct.Builder message = Struct.newBuilder();
      for (int i = 0; i < images.size(); i++) {
        Value label = Value.newBuilder().setStringValue(alone.get(i).label()).build();
        message.putFields(images.get(i).getFileName().toString(), label);
      }
      System.out.println(message.build().getFieldsCount() + " labels in protobuf");
      System.out.println(new JsonMapper().createArrayNode().addPOJO(alone.get(0).label()));
    }
  }

  private static Prediction classify(Classifier classifier, Path image) {
    try {
      return classifier.classify(image);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
