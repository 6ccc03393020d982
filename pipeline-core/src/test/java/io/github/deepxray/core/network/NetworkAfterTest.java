package io.github.deepxray.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworkAfterTest {
  private static final Network NETWORK =
      new Network(
          "n",
          "x",
          List.of(4),
          List.of(
              new Layer.Dense("a", "x", 3, true),
              new Layer.Dense("unused", "a", 2, true),
              new Layer.Dropout("b", "a", 0.5, true),
              new Layer.Add("c", "b", "a"),
              new Layer.Dense("d", "c", 1, true)),
          List.of("d"));

  @Test
  void beginsAtTheTensorWithWhatDependsOnIt() {
    Network after = NETWORK.after("a");
    assertThat(after.input()).isEqualTo("a");
    assertThat(after.inputShape()).containsExactly(3);
    assertThat(after.tensors()).containsExactly("a", "b", "c", "d");
    assertThat(after.weightSpecs().stream().map(WeightSpec::name))
        .containsExactly("d/kernel", "d/bias");
    assertThat(after.outputs()).containsExactly("d");
  }

  @Test
  void bothPartsJoinToTheWhole() {
    for (String tensor : List.of("a", "c")) {
      Network whole = NETWORK.withOutputs(List.of("d"));
      assertThat(whole.withOutputs(List.of(tensor)).then(whole.after(tensor))).isEqualTo(whole);
    }
    assertThat(NETWORK.after("x")).isEqualTo(NETWORK.withOutputs(List.of("d")));
  }

  @Test
  void refusesATensorThatIsNotAllThatIsRead() {
    assertThatThrownBy(() -> NETWORK.after("b"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("cut at b");
    assertThatThrownBy(() -> NETWORK.after("e"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("no tensor e");
  }
}
