package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetProfile.ClassPhrases;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatasetProfileTest {
  private static final DatasetProfile KNOWN = DatasetProfile.CHEST_XRAY_PNEUMONIA;
  private static final DatasetProfile COVID =
      DatasetProfile.of(new ClassNames("COVID", "pneumonia"));
  private static final DatasetProfile THREE =
      DatasetProfile.of(new ClassNames(List.of("cat", "dog", "fox")));

  @TempDir Path folder;

  @Test
  void knowsTheChestXraysByTheirClasses() {
    assertThat(DatasetProfile.of(ClassNames.parse("NORMAL,PNEUMONIA"))).isEqualTo(KNOWN);
    assertThat(KNOWN.slices()).containsExactly("normal", "bacterial", "viral", "unspecified");
    assertThat(KNOWN.partsOfClasses()).containsExactly("bacterial", "viral", "unspecified");
    assertThat(KNOWN.positive()).contains(Label.POSITIVE);
    assertThat(KNOWN.phrases(Label.POSITIVE).having()).isEqualTo("with pneumonia");
    for (String other : List.of("PNEUMONIA,NORMAL", "normal,pneumonia", "NORMAL,PNEUMONIA,COVID")) {
      DatasetProfile profile = DatasetProfile.of(ClassNames.parse(other));
      assertThat(profile.name()).isEqualTo("classes");
      assertThat(profile.hasSlices()).isFalse();
    }
  }

  @Test
  void speaksOfOtherClassesByTheirNames() {
    assertThat(COVID.phrases())
        .containsExactly(
            new ClassPhrases("COVID", "an image of COVID", "images of COVID", "labelled COVID"),
            new ClassPhrases(
                "pneumonia", "an image of pneumonia", "images of pneumonia", "labelled pneumonia"));
    assertThat(COVID.positive()).contains(new Label(1));
    assertThat(COVID.partsOfClasses()).isEmpty();
    assertThat(THREE.phrases()).hasSize(3);
    assertThat(THREE.positive()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "train/NORMAL/IM-0115-0001.jpeg, 0, normal, COVID, cat",
    "train/a/person1_bacteria_1.jpeg, 0, normal, COVID, cat",
    "train/PNEUMONIA/person1_bacteria_1.jpeg, 1, bacterial, pneumonia, dog",
    "person1_virus_6.jpeg, 1, viral, pneumonia, dog",
    "IM-0115-0001.jpeg, 1, unspecified, pneumonia, dog",
    "a.png, 1, unspecified, pneumonia, dog",
  })
  void namesTellFinerClassesOfTheKnownDataSetAlone(
      String file, int label, String known, String covid, String three) {
    assertThat(KNOWN.slice(file, new Label(label))).isEqualTo(known);
    assertThat(COVID.slice(file, new Label(label))).isEqualTo(covid);
    assertThat(THREE.slice(file, new Label(label))).isEqualTo(three);
  }

  @Test
  void countsFinerClassesInTheirOrder() {
    assertThat(KNOWN.count(List.of("viral", "normal", "viral", "bacterial")))
        .containsExactly(Map.entry("normal", 1), Map.entry("bacterial", 1), Map.entry("viral", 2));
    assertThat(COVID.count(List.of("COVID", "pneumonia"))).isEmpty();
  }

  private static DatasetProfile profile(
      String name, ClassNames classes, List<ClassPhrases> phrases, List<String> slices) {
    return new DatasetProfile(
        name,
        "an image",
        "images",
        List.of(),
        classes,
        DatasetProfile.Patients.SOURCE,
        phrases,
        slices);
  }

  @Test
  void saysWhatAClassifierDoes() {
    assertThat(KNOWN.purpose()).isEqualTo("Tells pneumonia from normal on frontal chest X-rays.");
    assertThat(COVID.purpose()).isEqualTo("Tells pneumonia from COVID on images.");
    assertThat(THREE.purpose()).isEqualTo("Tells 3 classes apart on images: cat, dog, fox.");
  }

  @Test
  void refusesWhatDoesNotFitTogether() {
    ClassNames two = new ClassNames("a", "b");
    List<ClassPhrases> phrases = List.of(ClassPhrases.of("a"), ClassPhrases.of("b"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> profile("a b", two, phrases, List.of()))
        .withMessageContaining("not a profile name");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> profile("x", two, phrases.subList(0, 1), List.of()))
        .withMessageContaining("phrases for 1 of 2 classes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> profile("x", two, phrases, List.of("early", "late")))
        .withMessageContaining("early, late");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> profile("x", THREE.classes(), THREE.phrases(), KNOWN.slices()))
        .withMessageContaining("do not encode the slices normal");
    for (String phrase : List.of("", " a", "a\nb", "a".repeat(201))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new ClassPhrases("a", "a", phrase, "a"));
    }
  }

  private DatasetManifest manifest() throws IOException {
    PhantomArchive.writeFolder(
        folder.resolve("phantoms"),
        PhantomOptions.DEFAULT.withTrain(3, 4).withVal(1, 1).withTest(2, 2).withSize(32));
    return PreparedDataset.prepare(
            folder.resolve("phantoms"),
            folder.resolve("data"),
            DatasetOptions.DEFAULT.withImageSize(32).withValidationFraction(0.25),
            Progress.NONE)
        .manifest();
  }

  private static DatasetManifest about(DatasetManifest manifest, DatasetProfile profile) {
    return new DatasetManifest(
        manifest.format(),
        manifest.fingerprint(),
        manifest.source(),
        manifest.options(),
        new DatasetAudit(0, List.of(), List.of(), List.of(), List.of(), manifest.audit().skipped()),
        List.of(),
        manifest.shards(),
        profile,
        List.of(),
        manifest.fit());
  }

  private DatasetManifest read(JsonNode tree) throws IOException {
    Path file = folder.resolve("changed.json");
    Json.write(file, tree);
    return DatasetManifest.read(file, "prepare it again");
  }

  @Test
  void isReadAsItWasWritten() throws IOException {
    DatasetManifest manifest = manifest();
    DatasetManifest read = read(Json.tree(manifest));
    assertThat(read).isEqualTo(manifest);
    assertThat(Json.tree(KNOWN).path("patients").asText()).isEqualTo("file-names");
    assertThat(Json.tree(COVID).path("patients").asText()).isEqualTo("source");
    assertThat(read.splits().get(0).slices().keySet())
        .containsSubsequence("normal", "bacterial")
        .containsExactlyElementsOf(manifest.splits().get(0).slices().keySet());
    for (DatasetProfile profile : List.of(COVID, THREE)) {
      DatasetManifest other = about(manifest, profile);
      JsonNode tree = Json.tree(other);
      assertThat(tree.at("/profile/positive").asText())
          .isEqualTo(profile.equals(COVID) ? "pneumonia" : "");
      assertThat(read(tree)).isEqualTo(other);
    }
  }

  @Test
  void labelsAreNumbersInFiles() throws IOException {
    JsonNode tree = Json.tree(manifest());
    assertThat(tree.at("/audit/folders/1/label")).isEqualTo(Json.tree(1));
    assertThat(tree.at("/splits/2/labels")).isEqualTo(Json.tree(Map.of("0", 2, "1", 2)));
    assertThat(Label.POSITIVE).hasToString("1");
    for (String wrong : List.of("\"PNEUMONIA\"", "\"01\"", "1.5", "-1", "1000", "null")) {
      JsonNode changed = tree.deepCopy();
      ((ObjectNode) changed.at("/audit/folders/1")).set("label", Json.parse(wrong, "label"));
      assertThatThrownBy(() -> read(changed))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("audit.folders[1].label");
    }
    JsonNode words = tree.deepCopy();
    ObjectNode labels = (ObjectNode) words.at("/splits/2/labels");
    labels.set("PNEUMONIA", labels.remove("1"));
    assertThatThrownBy(() -> read(words))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("PNEUMONIA")
        .hasMessageEndingWith("prepare it again.");
  }

  private void refuses(JsonNode good, String message, Consumer<ObjectNode> damage) {
    JsonNode tree = good.deepCopy();
    damage.accept((ObjectNode) tree.get("profile"));
    assertThatThrownBy(() -> read(tree))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("changed.json: ")
        .hasMessageContaining(message)
        .hasMessageEndingWith("prepare it again.");
  }

  @Test
  void aDamagedProfileIsRefused() throws IOException {
    DatasetManifest manifest = manifest();
    JsonNode good = Json.tree(manifest);
    for (String field : List.of("name", "classes", "phrases", "slices")) {
      refuses(good, "profile." + field + " is missing", profile -> profile.remove(field));
      refuses(good, "profile." + field + " is missing", profile -> profile.putNull(field));
    }
    refuses(good, "the positive class is PNEUMONIA, not none", p -> p.remove("positive"));
    refuses(good, "the positive class is PNEUMONIA, not NORMAL", p -> p.put("positive", "NORMAL"));
    refuses(good, "phrases for 1 of 2", p -> ((ArrayNode) p.get("phrases")).remove(0));
    refuses(good, "profile.phrases[0]", p -> ((ArrayNode) p.get("phrases")).insertNull(0));
    refuses(
        good,
        "profile.phrases[0].one is missing",
        p -> ((ObjectNode) p.at("/phrases/0")).remove("one"));
    refuses(good, "profile.slices[0]", p -> ((ArrayNode) p.get("slices")).insertNull(0));
    refuses(good, "do not encode the slices early", p -> p.putArray("slices").add("early"));
    refuses(good, "are not those of the profile", p -> p.putArray("slices"));
    refuses(good, "more is an unknown field", p -> p.put("more", 1));
    // Finer classes are of the known classes alone.
    refuses(
        good,
        "no slices are known of the classes COVID, PNEUMONIA",
        p -> ((ArrayNode) p.get("classes")).set(0, "COVID"));
    refuses(
        Json.tree(about(manifest, THREE)),
        "the positive class is none of 3, not dog",
        p -> p.put("positive", "dog"));
  }

  @Test
  void numbersOfUnknownFinerClassesAreRefused() throws IOException {
    JsonNode tree = Json.tree(manifest());
    ((ObjectNode) tree.at("/splits/1/slices")).put("early", 1);
    assertThatThrownBy(() -> read(tree))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("early")
        .hasMessageContaining("not those of the profile chest-xray-pneumonia");
  }

  @Test
  void aManifestOfAnEarlierFormatIsRefused() throws IOException {
    ObjectNode tree = (ObjectNode) Json.tree(manifest());
    tree.put("format", "deepxray-dataset/2");
    assertThatThrownBy(() -> read(tree))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("\"deepxray-dataset/2\", not deepxray-dataset/3")
        .hasMessageEndingWith("prepare it again.");
  }

  @Test
  void theTableSaysWhichClassIsPositive() throws IOException {
    DatasetManifest manifest = manifest();
    assertThat(DatasetTable.render(manifest))
        .contains("Positive class: PNEUMONIA (label 1)\n")
        .contains(" normal  pneumonia  bacterial  viral  unspecified ");
    assertThat(
            DatasetTable.render(about(manifest, DatasetProfile.of(ClassNames.parse("a,normal")))))
        .contains(
            "Positive class: normal (label 1), although its name means that nothing is found\n");
    assertThat(DatasetTable.render(about(manifest, THREE))).doesNotContain("Positive");
  }
}
