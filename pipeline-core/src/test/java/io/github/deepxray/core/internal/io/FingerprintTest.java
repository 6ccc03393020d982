package io.github.deepxray.core.internal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class FingerprintTest {
  private enum Mode {
    FAST,
    SLOW
  }

  private record Options(String name, int count, Mode mode, Optional<Double> rate) {}

  private static final Options OPTIONS = new Options("a", 1, Mode.FAST, Optional.of(0.5));

  @Test
  void equalValuesHaveEqualHashes() {
    Map<String, Integer> oneOrder = new LinkedHashMap<>();
    oneOrder.put("a", 1);
    oneOrder.put("b", 2);
    Map<String, Integer> otherOrder = new LinkedHashMap<>();
    otherOrder.put("b", 2);
    otherOrder.put("a", 1);

    assertThat(Fingerprint.of(new Options("a", 1, Mode.FAST, Optional.of(0.5))))
        .isEqualTo(Fingerprint.of(OPTIONS))
        .matches("[0-9a-f]{64}");
    assertThat(Fingerprint.of(oneOrder)).isEqualTo(Fingerprint.of(otherOrder));
    assertThat(Fingerprint.of(Set.of(1, 2, 3))).isEqualTo(Fingerprint.of(Set.of(3, 2, 1)));
  }

  @Test
  void everyDifferenceChangesTheHash() {
    List<Object> values =
        List.of(
            OPTIONS,
            new Options("b", 1, Mode.FAST, Optional.of(0.5)),
            new Options("a", 2, Mode.FAST, Optional.of(0.5)),
            new Options("a", 1, Mode.SLOW, Optional.of(0.5)),
            new Options("a", 1, Mode.FAST, Optional.empty()),
            1,
            1L,
            1.0,
            1.0f,
            true,
            "1",
            // Texts that would be equal if they were joined without quoting.
            List.of("a", "b"),
            List.of("a\",\"b"),
            List.of("b", "a"),
            Set.of("a", "b"),
            Map.of("a", "b"),
            OptionalInt.of(1),
            OptionalInt.empty(),
            OptionalLong.of(1),
            OptionalDouble.of(1));

    // Empty optionals of all kinds are one value.
    assertThat(values.stream().map(Fingerprint::of)).doesNotHaveDuplicates();
    assertThat(Stream.of(Optional.empty(), OptionalInt.empty()).map(Fingerprint::of).distinct())
        .hasSize(1);
  }

  @Test
  void anObjectWithoutValueIsRejected() {
    assertThatThrownBy(() -> Fingerprint.of(List.of(new Object())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("class java.lang.Object has no fingerprint");
  }
}
