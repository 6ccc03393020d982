package io.github.deepxray.core.backbone;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import java.util.List;
import java.util.Optional;

/** A family of one backbone, which a service file of the tests offers. */
public final class GuestBackbones implements BackboneProvider {
  @Override
  public String names() {
    return "mean-colour";
  }

  @Override
  public Optional<Backbone> find(String name) {
    return name.equals("mean-colour") ? Optional.of(new MeanColour()) : Optional.empty();
  }

  /** Three features: the means of the colours. */
  record MeanColour() implements Backbone {
    @Override
    public String name() {
      return "mean-colour";
    }

    @Override
    public int imageSize() {
      return 8;
    }

    @Override
    public int smallestImageSize() {
      return 1;
    }

    @Override
    public String features() {
      return "mean";
    }

    @Override
    public Network network(int imageSize) {
      return new Network(
          name(),
          "images",
          List.of(imageSize, imageSize, 3),
          List.of(new Layer.GlobalAveragePooling2D("mean", "images", false)),
          List.of("mean"));
    }

    @Override
    public Optional<String> block(String layer) {
      return Optional.empty();
    }

    @Override
    public PretrainedWeights weights(String source, Progress progress) {
      throw new DeepXrayException("There is nothing to learn.");
    }
  }
}
