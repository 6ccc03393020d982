package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MutationsTest {
  private static final byte[] SEED = "a file of some bytes".getBytes(StandardCharsets.US_ASCII);

  @Test
  void theSameNumbersGiveTheSameDamage() {
    for (int i = 0; i < 1000; i++) {
      assertThat(Mutations.mutate(SEED, new SplittableRandom(i)))
          .isEqualTo(Mutations.mutate(SEED, new SplittableRandom(i)));
    }
    assertThat(SEED).asString(StandardCharsets.US_ASCII).isEqualTo("a file of some bytes");
  }

  @Test
  void theDamageIsOfManyKinds() {
    SplittableRandom random = new SplittableRandom(1);
    Set<String> different = new HashSet<>();
    Set<Integer> lengths = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      byte[] bytes = Mutations.mutate(SEED, random);
      different.add(new String(bytes, StandardCharsets.ISO_8859_1));
      lengths.add(Integer.signum(bytes.length - SEED.length));
    }
    assertThat(different).hasSizeGreaterThan(800);
    assertThat(lengths).containsExactlyInAnyOrder(-1, 0, 1);
  }

  @Test
  void nothingCanBeDoneToNothing() {
    assertThat(Mutations.mutate(new byte[0], new SplittableRandom(1))).isEmpty();
  }

  @Test
  void aTestTriesAsManyInputsAsItOrdinarilyDoes() {
    assertThat(Mutations.inputs(300)).isEqualTo(Integer.getInteger("deepxray.fuzz.inputs", 300));
  }
}
