package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.DatasetOptions.OfficialVal;
import io.github.deepxray.datasets.PatientSplit.Image;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PatientSplitTest {
  private static final DatasetOptions OPTIONS =
      DatasetOptions.DEFAULT.withOfficialVal(OfficialVal.TRAIN);

  private static int place(Slice slice) {
    return DatasetProfile.CHEST_XRAY_PNEUMONIA.slices().indexOf(slice.key());
  }

  private static Image image(String path, Split official, Slice slice, String patient, int bytes) {
    return new Image(
        path,
        official,
        slice == Slice.NORMAL ? Label.NEGATIVE : Label.POSITIVE,
        place(slice),
        patient,
        "hash" + bytes);
  }

  /** A data set with every trouble: shared patients, images shared by patients and by splits. */
  private static List<Image> troubled(long seed, int patients, int different) {
    Random random = new Random(seed);
    List<Image> images = new ArrayList<>();
    Split[] splits = {Split.TRAIN, Split.TRAIN, Split.TRAIN, Split.TRAIN, Split.TEST};
    Slice[] slices = {Slice.NORMAL, Slice.BACTERIAL, Slice.BACTERIAL, Slice.VIRAL};
    for (int p = 0; p < patients; p++) {
      Slice slice = slices[random.nextInt(slices.length)];
      Split split = random.nextInt(40) == 0 ? Split.VALIDATION : splits[random.nextInt(5)];
      int count = 1 + random.nextInt(4);
      for (int i = 0; i < count; i++) {
        Split here = random.nextInt(50) == 0 ? splits[random.nextInt(5)] : split;
        images.add(image("p" + p + "/" + i, here, slice, "p" + p, random.nextInt(different)));
      }
    }
    return images;
  }

  @Test
  void sharesNoPatientAndNoImageWhateverTheInput() {
    for (int seed = 0; seed < 60; seed++) {
      List<Image> images = troubled(seed, 200, seed % 2 == 0 ? 150 : 2000);
      for (OfficialVal val : List.of(OfficialVal.TRAIN, OfficialVal.VALIDATION)) {
        DatasetOptions options =
            OPTIONS.withOfficialVal(val).withSeed(seed).withValidationFraction(0.01 * seed);
        PatientSplit split = PatientSplit.of(images, options, false);
        Map<String, Split> sides = new HashMap<>();
        Set<String> seen = new HashSet<>();
        split
            .images()
            .forEach(
                (part, members) ->
                    members.forEach(
                        i -> {
                          assertThat(seen.add(i.path())).isTrue();
                          for (String key : List.of(i.patient(), i.sha256())) {
                            Split other = sides.putIfAbsent(key, part);
                            assertThat(other == null || other == part).as(key).isTrue();
                          }
                        }));
        for (Quarantined q : split.quarantined()) {
          assertThat(seen.add(q.file())).isTrue();
        }
        assertThat(seen).hasSize(images.size());
        assertThat(split.images().get(Split.TEST))
            .containsExactlyInAnyOrderElementsOf(
                images.stream()
                    .filter(i -> i.official() == Split.TEST)
                    .filter(
                        i ->
                            images.stream()
                                .filter(o -> o.sha256().equals(i.sha256()))
                                .allMatch(o -> o.label().equals(i.label())))
                    .toList());
      }
    }
  }

  @Test
  void drawsTheFractionOfEachSlice() {
    List<Image> images = new ArrayList<>();
    Slice[] slices = {Slice.NORMAL, Slice.NORMAL, Slice.BACTERIAL, Slice.BACTERIAL, Slice.VIRAL};
    int number = 0;
    for (int p = 0; p < 2000; p++) {
      for (int i = 0; i <= p % 4; i++) {
        images.add(image("p" + p + "/" + i, Split.TRAIN, slices[p / 4 % 5], "p" + p, number++));
      }
    }
    for (double fraction : new double[] {0.05, 0.1, 0.25}) {
      PatientSplit split = PatientSplit.of(images, OPTIONS.withValidationFraction(fraction), false);
      for (Slice slice : List.of(Slice.NORMAL, Slice.BACTERIAL, Slice.VIRAL)) {
        double all = images.stream().filter(i -> i.place() == place(slice)).count();
        double drawn =
            split.images().get(Split.VALIDATION).stream()
                .filter(i -> i.place() == place(slice))
                .count();
        assertThat(drawn).isCloseTo(fraction * all, within(2.0));
      }
      assertThat(split.quarantined()).isEmpty();
    }
    assertThat(
            PatientSplit.of(images, OPTIONS.withValidationFraction(0), false)
                .images()
                .get(Split.VALIDATION))
        .isEmpty();
  }

  @Test
  void dependsOnTheSeedAndNotOnTheOrderOfFiles() {
    List<Image> images = troubled(7, 400, 5000);
    PatientSplit split = PatientSplit.of(images, OPTIONS, false);
    List<Image> shuffled = new ArrayList<>(images);
    Collections.shuffle(shuffled, new Random(1));
    assertThat(PatientSplit.of(shuffled, OPTIONS, false)).isEqualTo(split);
    PatientSplit other = PatientSplit.of(images, OPTIONS.withSeed(1), false);
    assertThat(other.images().get(Split.VALIDATION))
        .isNotEqualTo(split.images().get(Split.VALIDATION));
    assertThat(other.images().get(Split.TEST)).isEqualTo(split.images().get(Split.TEST));
  }

  @Test
  void setsAsideTrainingImagesThatTheTestSplitKnows() {
    List<Image> images =
        List.of(
            image("test/a", Split.TEST, Slice.VIRAL, "one", 1),
            image("train/a", Split.TRAIN, Slice.VIRAL, "two", 1),
            image("train/b", Split.TRAIN, Slice.VIRAL, "one", 2),
            image("train/c", Split.TRAIN, Slice.VIRAL, "two", 3),
            image("train/d", Split.TRAIN, Slice.VIRAL, "three", 4),
            image("train/e", Split.TRAIN, Slice.NORMAL, "four", 4));
    PatientSplit split = PatientSplit.of(images, OPTIONS.withValidationFraction(0), false);
    assertThat(split.quarantined())
        .extracting(Quarantined::file, Quarantined::reason)
        .containsExactlyInAnyOrder(
            tuple("train/a", Reason.IMAGE_IN_TEST),
            tuple("train/b", Reason.PATIENT_IN_TEST),
            tuple("train/d", Reason.TWO_LABELS),
            tuple("train/e", Reason.TWO_LABELS));
    assertThat(split.images().get(Split.TRAIN)).extracting(Image::path).containsExactly("train/c");
    assertThat(split.quarantined())
        .filteredOn(q -> q.file().equals("train/a"))
        .allMatch(q -> q.detail().contains("test/a"));
  }

  @Test
  void usesTheOfficialValidationImagesAsTold() {
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      images.add(image("train/" + i, Split.TRAIN, Slice.VIRAL, "p" + i, i));
    }
    images.add(image("val/own", Split.VALIDATION, Slice.VIRAL, "own", 1000));
    images.add(image("val/p3", Split.VALIDATION, Slice.VIRAL, "p3", 1001));

    PatientSplit trained = PatientSplit.of(images, OPTIONS, false);
    assertThat(trained.images().get(Split.TRAIN)).extracting(Image::path).contains("val/own");
    assertThat(trained.images().get(Split.VALIDATION)).hasSize(10);

    PatientSplit kept =
        PatientSplit.of(images, OPTIONS.withOfficialVal(OfficialVal.VALIDATION), false);
    assertThat(kept.images().get(Split.VALIDATION))
        .extracting(Image::path)
        .containsExactly("train/3", "val/own", "val/p3");
    assertThat(kept.images().get(Split.TRAIN)).hasSize(99);
  }

  @Test
  void givesEvenASmallClassAValidationImage() {
    List<Image> images =
        List.of(
            image("a", Split.TRAIN, Slice.NORMAL, "a", 1),
            image("b", Split.TRAIN, Slice.NORMAL, "b", 2),
            image("c", Split.TRAIN, Slice.VIRAL, "c", 3));
    PatientSplit split = PatientSplit.of(images, OPTIONS, false);
    assertThat(split.images().get(Split.VALIDATION)).hasSize(1);
    assertThat(split.images().get(Split.TRAIN)).hasSize(2);
  }

  /** A patient of as many images of two finer classes counts as one of the first of them. */
  @Test
  void aTieIsOfTheFirstFinerClass() {
    List<Image> images = new ArrayList<>();
    for (int p = 0; p < 2; p++) {
      images.add(image(p + "/a", Split.TRAIN, Slice.VIRAL, "p" + p, 10 * p));
      images.add(image(p + "/b", Split.TRAIN, Slice.UNSPECIFIED, "p" + p, 10 * p + 1));
      images.add(image(p + "/c", Split.TRAIN, Slice.VIRAL, "v" + p, 10 * p + 2));
      images.add(image(p + "/d", Split.TRAIN, Slice.UNSPECIFIED, "u" + p, 10 * p + 3));
    }
    for (int seed = 0; seed < 10; seed++) {
      List<Image> drawn =
          PatientSplit.of(images, OPTIONS.withValidationFraction(0.01).withSeed(seed), false)
              .images()
              .get(Split.VALIDATION);
      // One patient of the viral ones, of four, and one of the unspecified, of two.
      assertThat(drawn.stream().map(Image::patient).distinct()).hasSize(2);
      assertThat(drawn).filteredOn(i -> i.patient().startsWith("u")).hasSize(1);
    }
  }
}
