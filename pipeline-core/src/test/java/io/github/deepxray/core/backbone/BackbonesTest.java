package io.github.deepxray.core.backbone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BackbonesTest {
  @Test
  void findsWhatAServiceFileOffers() {
    Backbone found = Backbones.named("mean-colour");
    assertThat(found.network(4).size(found.features())).isEqualTo(3);
    assertThat(found.network(4, Map.of())).isEqualTo(found.network(4));
    assertThat(found.expansionBlocks()).isEmpty();
  }

  @Test
  void saysWhichThereAre() {
    assertThatThrownBy(() -> Backbones.named("resnet50"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageMatching("There is no backbone resnet50; choose one of .*mean-colour.*");
  }

  @Test
  void refusesToNarrowWhatHasNoBlocks() {
    Backbone found = Backbones.named("mean-colour");
    assertThatThrownBy(() -> found.network(4, Map.of("block1", 2)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage("mean-colour has no blocks that can be narrowed.");
  }
}
