package io.github.deepxray.cli;

import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.train.Backbone;
import java.io.IOException;
import picocli.CommandLine.Option;

/** Which network, and its pretrained weights. */
final class BackboneOptions {
  @Option(
      names = "--weights",
      defaultValue = Backbone.IMAGENET,
      paramLabel = "<file|imagenet>",
      description =
          "Pretrained weights: a file that Keras saved (.h5, .weights.h5 or .keras), or imagenet to"
              + " take them from Keras' cache (~/.keras/models) or download them into it. Default:"
              + " ${DEFAULT-VALUE}.")
  String weights;

  @Option(
      names = "--backbone",
      defaultValue = "b0",
      paramLabel = "<b0..b7>",
      description = "Which EfficientNet; b0 is the tested one. Default: ${DEFAULT-VALUE}.")
  String backbone;

  EfficientNet variant() {
    return EfficientNet.of(backbone);
  }

  Backbone load(Progress progress) throws IOException, InterruptedException {
    return Backbone.load(variant(), weights, progress);
  }
}
