package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.deepxray.core.internal.Keyed;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Description of a data set: its classes, their phrases in sentences, and slices that file names
 * encode. In JSON files it also has {@code positive}, the name of the positive one of two classes.
 *
 * @param name {@code chest-xray-pneumonia}, or {@code classes} for other data sets
 * @param image the content of an image, such as {@code a frontal chest X-ray}
 * @param images the same in the plural
 * @param tags search words for models of it
 * @param classes the class names
 * @param patients the source of patient ids
 * @param phrases the phrases of each class, by label
 * @param slices the keys of the slices in display order; empty if file names encode none
 */
public record DatasetProfile(
    String name,
    String image,
    String images,
    List<String> tags,
    ClassNames classes,
    Patients patients,
    List<ClassPhrases> phrases,
    List<String> slices) {
  /** Source of the patient ids. */
  public enum Patients implements Keyed {
    /**
     * From a column or a folder of the source, else from file names as in the Kaggle archive, see
     * {@link XrayName}.
     */
    FILE_NAMES,
    /** From a column or a folder of the source only. */
    SOURCE;
  }

  private static final String WORD = "[a-z0-9][a-z0-9-]{0,99}";

  /** Slices that {@link XrayName} recognizes. */
  private static final List<String> TOLD_BY_NAMES =
      Arrays.stream(Slice.values()).map(Slice::key).toList();

  /** Chest X-rays of Kermany et al. */
  public static final DatasetProfile CHEST_XRAY_PNEUMONIA =
      new DatasetProfile(
          "chest-xray-pneumonia",
          "a frontal chest X-ray",
          "frontal chest X-rays",
          List.of("chest-x-ray", "pneumonia"),
          new ClassNames("NORMAL", "PNEUMONIA"),
          Patients.FILE_NAMES,
          List.of(
              new ClassPhrases("normal", "a normal image", "normal images", "normal"),
              new ClassPhrases("pneumonia", "a pneumonia", "pneumonias", "with pneumonia")),
          TOLD_BY_NAMES);

  private static final List<DatasetProfile> KNOWN = List.of(CHEST_XRAY_PNEUMONIA);

  /** Copies the lists and checks that they are consistent. */
  public DatasetProfile {
    tags = List.copyOf(tags);
    phrases = List.copyOf(phrases);
    slices = List.copyOf(slices);
    if (!name.matches(WORD)) {
      throw new IllegalArgumentException("\"" + name + "\" is not a profile name");
    }
    if (!tags.stream().allMatch(tag -> tag.matches(WORD))) {
      throw new IllegalArgumentException("tags must be words, not " + String.join(", ", tags));
    }
    ClassPhrases.require(List.of(image, images));
    if (phrases.size() != classes.size()) {
      throw new IllegalArgumentException(
          "there are phrases for " + phrases.size() + " of " + classes.size() + " classes");
    }
    if (!slices.isEmpty() && (classes.size() != 2 || !slices.equals(TOLD_BY_NAMES))) {
      throw new IllegalArgumentException(
          "file names do not encode the slices " + String.join(", ", slices));
    }
  }

  /** Profile as stored in JSON. */
  private record Stored(
      String name,
      String image,
      String images,
      List<String> tags,
      ClassNames classes,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<String> positive,
      Patients patients,
      List<ClassPhrases> phrases,
      List<String> slices) {}

  @JsonCreator
  static DatasetProfile read(Stored stored) {
    DatasetProfile profile =
        new DatasetProfile(
            stored.name,
            stored.image,
            stored.images,
            stored.tags,
            stored.classes,
            stored.patients,
            stored.phrases,
            stored.slices);
    Optional<String> positive = profile.positive().map(profile.classes::of);
    if (!stored.positive.equals(positive)) {
      throw new IllegalArgumentException(
          "the positive class is "
              + positive.orElse("none of " + profile.classes.size())
              + ", not "
              + stored.positive.orElse("none"));
    }
    if (profile.hasSlices() && !profile.slices.equals(of(profile.classes).slices)) {
      throw new IllegalArgumentException(
          "no slices are known of the classes " + String.join(", ", profile.classes.list()));
    }
    return profile;
  }

  @JsonValue
  Stored stored() {
    return new Stored(
        name, image, images, tags, classes, positive().map(classes::of), patients, phrases, slices);
  }

  /** Returns the known profile with these classes, or a generic one. */
  public static DatasetProfile of(ClassNames classes) {
    return KNOWN.stream()
        .filter(profile -> profile.classes.equals(classes))
        .findFirst()
        .orElseGet(
            () ->
                new DatasetProfile(
                    "classes",
                    "an image",
                    "images",
                    List.of(),
                    classes,
                    Patients.SOURCE,
                    classes.list().stream().map(ClassPhrases::of).toList(),
                    List.of()));
  }

  /** Profiles of the known data sets. */
  static List<DatasetProfile> known() {
    return KNOWN;
  }

  /** Purpose of a classifier, in a sentence. */
  public String purpose() {
    return classes.size() == 2
        ? String.format(
            Locale.ROOT,
            "Tells %s from %s on %s.",
            phrases(Label.POSITIVE).name(),
            phrases(Label.NEGATIVE).name(),
            images)
        : String.format(
            Locale.ROOT,
            "Tells %d classes apart on %s: %s.",
            classes.size(),
            images,
            String.join(", ", classes.list()));
  }

  /** Phrases of a class. */
  public ClassPhrases phrases(Label label) {
    return phrases.get(label.index());
  }

  /** Class whose probability a binary classifier returns: label 1; none for more classes. */
  public Optional<Label> positive() {
    return classes.size() == 2 ? Optional.of(Label.POSITIVE) : Optional.empty();
  }

  /** Whether the name of the positive class denotes no findings. */
  boolean hasHealthyPositive() {
    return positive().map(classes::of).filter(ClassNames::isHealthy).isPresent();
  }

  /** Whether file names encode slices. */
  public boolean hasSlices() {
    return !slices.isEmpty();
  }

  /** Slices without those that are a whole class: bacterial, but not normal. */
  public List<String> partsOfClasses() {
    return slices.stream()
        .filter(slice -> phrases.stream().noneMatch(of -> of.name().equals(slice)))
        .toList();
  }

  /**
   * Key of an image's slice; without slices, the name of its class.
   *
   * @param filename the image's path in the data set
   */
  public String slice(String filename, Label label) {
    return hasSlices() ? XrayName.parse(filename).slice(label).key() : classes.of(label);
  }

  /** Index of a slice in display order; 0 without slices. */
  int place(XrayName name, Label label) {
    return hasSlices() ? slices.indexOf(name.slice(label).key()) : 0;
  }

  /**
   * Counts the images of each slice, in display order; empty without slices.
   *
   * @param images the slice of each image
   */
  Map<String, Integer> count(Collection<String> images) {
    Map<String, Integer> counts = new HashMap<>();
    images.forEach(slice -> counts.merge(slice, 1, Integer::sum));
    return hasSlices() ? inOrder(counts) : Map.of();
  }

  /**
   * Sorts counts by slice in display order.
   *
   * @throws IllegalArgumentException if a key is no slice of this profile
   */
  Map<String, Integer> inOrder(Map<String, Integer> numbers) {
    Map<String, Integer> ordered = new LinkedHashMap<>();
    for (String slice : slices) {
      if (numbers.containsKey(slice)) {
        ordered.put(slice, numbers.get(slice));
      }
    }
    if (ordered.size() < numbers.size()) {
      throw new IllegalArgumentException(
          "its slices %s are not those of the profile %s"
              .formatted(String.join(", ", new TreeSet<>(numbers.keySet())), name));
    }
    return Collections.unmodifiableMap(ordered);
  }

  /**
   * Phrases for the images of a class in sentences.
   *
   * @param name the class, such as {@code normal}
   * @param one one image, such as {@code a normal image}
   * @param many several images, such as {@code normal images}
   * @param having the property, to follow the number of images, such as {@code with pneumonia}
   */
  public record ClassPhrases(String name, String one, String many, String having) {
    private static final int MAX_LENGTH = 200;

    /** Checks that the phrases have no line breaks. */
    public ClassPhrases {
      require(List.of(name, one, many, having));
    }

    /** Checks that phrases are not empty and have no line breaks. */
    static void require(List<String> phrases) {
      for (String phrase : phrases) {
        if (phrase.isBlank()
            || phrase.length() > MAX_LENGTH
            || !phrase.equals(phrase.strip())
            || phrase.chars().anyMatch(Character::isISOControl)) {
          throw new IllegalArgumentException("\"" + phrase + "\" is not a phrase");
        }
      }
    }

    /** Phrases of a class of which only the name is known. */
    static ClassPhrases of(String name) {
      return new ClassPhrases(name, "an image of " + name, "images of " + name, "labelled " + name);
    }
  }
}
