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
 * What a data set is about: its classes, how sentences speak of them, and the finer classes that
 * names of files tell. In files of JSON it also has {@code positive}, the name of the positive one
 * of two classes.
 *
 * @param name {@code chest-xray-pneumonia}, or {@code classes} for any data set that is not known
 * @param image what an image shows, such as {@code a frontal chest X-ray}
 * @param images the same of several images
 * @param tags words by which a model of it is found
 * @param classes what the classes are called
 * @param patients how the patient of an image is found
 * @param phrases how sentences speak of each class, by label
 * @param slices the keys of the finer classes in the order of showing them; empty if names of files
 *     tell none
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
  /** How the patient of an image is found. */
  public enum Patients implements Keyed {
    /**
     * By what the source says, a column or a folder, and else by names of files as in the Kaggle
     * archive, if the images have such names, see {@link XrayName}.
     */
    FILE_NAMES,
    /** By what the source says alone. */
    SOURCE;
  }

  private static final String WORD = "[a-z0-9][a-z0-9-]{0,99}";

  /** The finer classes that {@link XrayName} tells. */
  private static final List<String> TOLD_BY_NAMES =
      Arrays.stream(Slice.values()).map(Slice::key).toList();

  /** The chest X-rays of Kermany et al. */
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

  /** Takes copies of the lists and checks that they fit together. */
  public DatasetProfile {
    tags = List.copyOf(tags);
    phrases = List.copyOf(phrases);
    slices = List.copyOf(slices);
    if (!name.matches(WORD)) {
      throw new IllegalArgumentException("\"" + name + "\" is no name of a profile");
    }
    if (!tags.stream().allMatch(tag -> tag.matches(WORD))) {
      throw new IllegalArgumentException("tags are words, not " + String.join(", ", tags));
    }
    ClassPhrases.require(List.of(image, images));
    if (phrases.size() != classes.size()) {
      throw new IllegalArgumentException(
          "there are phrases for " + phrases.size() + " of " + classes.size() + " classes");
    }
    if (!slices.isEmpty() && (classes.size() != 2 || !slices.equals(TOLD_BY_NAMES))) {
      throw new IllegalArgumentException(
          "names of files do not tell the slices " + String.join(", ", slices));
    }
  }

  /** A profile as it stands in a file. */
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

  /** The known profile with these classes, or else one that knows nothing but their names. */
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

  /** The profiles of the data sets that are known. */
  static List<DatasetProfile> known() {
    return KNOWN;
  }

  /** What a classifier of it does, in a sentence. */
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

  /** How sentences speak of a class. */
  public ClassPhrases phrases(Label label) {
    return phrases.get(label.index());
  }

  /** The class whose probability a classifier gives: label 1 of two classes, none of more. */
  public Optional<Label> positive() {
    return classes.size() == 2 ? Optional.of(Label.POSITIVE) : Optional.empty();
  }

  /** Whether the name of the positive class says that nothing is found. */
  boolean hasHealthyPositive() {
    return positive().map(classes::of).filter(ClassNames::isHealthy).isPresent();
  }

  /** Whether names of files tell finer classes. */
  public boolean hasSlices() {
    return !slices.isEmpty();
  }

  /** The finer classes without those that are a whole class: bacterial, but not normal. */
  public List<String> partsOfClasses() {
    return slices.stream()
        .filter(slice -> phrases.stream().noneMatch(of -> of.name().equals(slice)))
        .toList();
  }

  /**
   * The key of an image's finer class; where there are none, the name of its class.
   *
   * @param filename the image's path in the data set
   */
  public String slice(String filename, Label label) {
    return hasSlices() ? XrayName.parse(filename).slice(label).key() : classes.of(label);
  }

  /** The place of a finer class in the order of showing them; 0 where there are none. */
  int place(XrayName name, Label label) {
    return hasSlices() ? slices.indexOf(name.slice(label).key()) : 0;
  }

  /**
   * The number of images of each finer class, in the order of showing them; empty where there are
   * none.
   *
   * @param images the finer class of each image
   */
  Map<String, Integer> count(Collection<String> images) {
    Map<String, Integer> counts = new HashMap<>();
    images.forEach(slice -> counts.merge(slice, 1, Integer::sum));
    return hasSlices() ? inOrder(counts) : Map.of();
  }

  /**
   * Numbers by finer class in the order of showing them.
   *
   * @throws IllegalArgumentException if one is of no finer class of this profile
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
   * How sentences speak of the images of a class.
   *
   * @param name the class, such as {@code normal}
   * @param one one image of it, such as {@code a normal image}
   * @param many several images of it, such as {@code normal images}
   * @param having what such images are, behind their number, such as {@code with pneumonia}
   */
  public record ClassPhrases(String name, String one, String many, String having) {
    private static final int MAX_LENGTH = 200;

    /** Checks that the phrases can stand on a line. */
    public ClassPhrases {
      require(List.of(name, one, many, having));
    }

    /** Checks that phrases can stand on a line. */
    static void require(List<String> phrases) {
      for (String phrase : phrases) {
        if (phrase.isBlank()
            || phrase.length() > MAX_LENGTH
            || !phrase.equals(phrase.strip())
            || phrase.chars().anyMatch(Character::isISOControl)) {
          throw new IllegalArgumentException("\"" + phrase + "\" is no phrase of a sentence");
        }
      }
    }

    /** The phrases for a class of which nothing but its name is known. */
    static ClassPhrases of(String name) {
      return new ClassPhrases(name, "an image of " + name, "images of " + name, "labelled " + name);
    }
  }
}
