package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XrayNameTest {
  @ParameterizedTest
  @CsvSource({
    "person1_bacteria_1.jpeg, person1_bacteria, BACTERIAL",
    "train/PNEUMONIA/person1946_virus_4875.jpeg, person1946_virus, VIRAL",
    "person1372_virus_2_1.jpeg, person1372_virus, VIRAL",
    "IM-0115-0001.jpeg, IM-0115, NORMAL",
    "IM-0543-0001-0002.jpeg, IM-0543, NORMAL",
    "test/NORMAL/NORMAL2-IM-0246-0001-0001.jpeg, NORMAL2-IM-0246, NORMAL",
    "val-normal-2.jpeg, , ",
    "person_bacteria_1.jpeg, , ",
    "person1_fungus_1.jpeg, , ",
    "person1_bacteria.jpeg, , ",
    "IM-x-0001.jpeg, , ",
  })
  void readsPatientAndSlice(String path, String patient, Slice slice) {
    XrayName name = XrayName.parse(path);
    assertThat(name.patient().orElse(null)).isEqualTo(patient);
    assertThat(name.slice().orElse(null)).isEqualTo(slice);
  }

  @ParameterizedTest
  @CsvSource({
    "person1_bacteria_1.jpeg, 0, true",
    "person1_bacteria_1.jpeg, 1, false",
    "IM-0115-0001.jpeg, 1, true",
    "NORMAL2-IM-0115-0001.jpeg, 1, true",
    "IM-0115-0001.jpeg, 0, false",
    "anything.jpeg, 0, false",
    "anything.jpeg, 1, false",
  })
  void noticesAContradiction(String path, Label label, boolean contradicts) {
    assertThat(XrayName.parse(path).contradicts(label)).isEqualTo(contradicts);
  }
}
