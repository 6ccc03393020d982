package io.github.deepxray.report.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.image.Fit;
import io.github.deepxray.datasets.DatasetOrigin;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelCardTextTest {
  private static TrainedModel.Description trained() throws IOException {
    return new TrainedModel.Description(
        "deepxray-training/1",
        EfficientNet.B0.name(),
        224,
        "ImageNet",
        "hash",
        HeadSpec.of("logistic"),
        1,
        "tflite",
        "data",
        Optional.of(0.5),
        20,
        new Thresholds(0.5, 0.25, 0.375, 0.1, 0.95, ValidationViews.PLAIN),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Fit.STRETCH,
        ProbabilityCalibration.NONE,
        GuardMode.NONE);
  }

  private static String history(PruningSpec spec) throws IOException {
    return new ModelCardText(
            DatasetOrigin.PHANTOMS,
            new ClassVocabulary(DatasetProfile.CHEST_XRAY_PNEUMONIA),
            trained().withPruning(Optional.of(new TrainedModel.Pruning(spec, 0.2))))
        .backboneHistory();
  }

  /** Hidden layers of the head are pruned with the backbone; this one has its last layer only. */
  @Test
  void namesTheLayersOfTheHeadThatWerePruned() throws IOException {
    PruningSpec spec = PruningSpec.of(0.2).resolved(trained().architecture());
    assertThat(history(spec))
        .isEqualTo(", 20.0 % of the weights of its 1x1 convolutions set to zero, frozen");
    PruningSpec head = spec.withSpare(List.of("stem*", "*dwconv", "*se_*"));
    assertThat(history(head))
        .isEqualTo(
            ", 20.0 % of the weights of its 1x1 convolutions and of the head's `logit` set to zero,"
                + " frozen");
    assertThat(history(head.withBase(PruningSpec.Base.PRUNED)))
        .contains("of its pruned layers set to zero");
  }
}
