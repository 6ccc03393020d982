package io.github.deepxray.datasets;

import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Assignment of images to splits without patients or images in more than one split.
 *
 * @param images the images of each split, in the order of storing
 * @param quarantined images without a split
 */
record PatientSplit(Map<Split, List<Image>> images, List<Quarantined> quarantined) {
  /**
   * Image to assign.
   *
   * @param path the path, unique
   * @param official the split in the source
   * @param place the index of its slice in the profile; 0 without slices
   * @param patient the patient, unique if unknown
   * @param sha256 the hash of the pixels
   */
  record Image(String path, Split official, Label label, int place, String patient, String sha256) {
    Stratum stratum() {
      return new Stratum(label, place);
    }
  }

  /** Stratum of the draw: images of one class and slice. */
  private record Stratum(Label label, int place) implements Comparable<Stratum> {
    private static final Comparator<Stratum> ORDER =
        Comparator.comparing(Stratum::label).thenComparing(Stratum::place);

    @Override
    public int compareTo(Stratum other) {
      return ORDER.compare(this, other);
    }
  }

  /** Images that must stay together: of one patient, or linked by identical images. */
  private record Group(String key, List<Image> images) {
    Stratum stratum() {
      Map<Stratum, Integer> counts = new TreeMap<>();
      images.forEach(i -> counts.merge(i.stratum(), 1, Integer::sum));
      return counts.entrySet().stream()
          .max(
              Map.Entry.<Stratum, Integer>comparingByValue()
                  .thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
          .orElseThrow()
          .getKey();
    }

    boolean hasAnyOf(Split official) {
      return images.stream().anyMatch(i -> i.official() == official);
    }
  }

  /**
   * Assigns images; the result does not depend on their order.
   *
   * @param drawTest whether the source has no splits, so that the test split is also drawn
   */
  static PatientSplit of(Collection<Image> all, DatasetOptions options, boolean drawTest) {
    List<Image> sorted = new ArrayList<>(all);
    sorted.sort(Comparator.comparing(Image::path));
    List<Quarantined> quarantined = new ArrayList<>();
    List<Image> single = withOneLabel(sorted, quarantined);
    if (drawTest) {
      single = withDrawnTest(single, options);
    }
    List<Image> test = single.stream().filter(i -> i.official() == Split.TEST).toList();
    List<Image> rest = withoutLeaks(single, test, quarantined);

    Map<Split, List<Image>> images = new EnumMap<>(Split.class);
    for (Split split : Split.values()) {
      images.put(split, new ArrayList<>());
    }
    images.get(Split.TEST).addAll(test);
    List<Group> groups = groups(rest);
    Set<Group> held =
        switch (options.officialVal()) {
          case AUTO -> throw new IllegalArgumentException("AUTO is decided by the layout");
          case TRAIN -> draw(groups, options.validationFraction(), "validation", options.seed());
          case VALIDATION -> {
            Set<Group> official = new HashSet<>(groups);
            official.removeIf(g -> !g.hasAnyOf(Split.VALIDATION));
            yield official;
          }
        };
    for (Group group : groups) {
      images.get(held.contains(group) ? Split.VALIDATION : Split.TRAIN).addAll(group.images());
    }
    images.get(Split.VALIDATION).sort(Comparator.comparing(Image::path));
    // Shuffled, so that a reader with a small shuffle buffer gets all classes.
    images.get(Split.TRAIN).sort(byHash(options.seed(), "order", Image::path));
    assertNothingShared(images);
    return new PatientSplit(images, quarantined);
  }

  /** Removes images that occur in several classes, whose labels cannot be trusted. */
  static List<Image> withOneLabel(List<Image> sorted, List<Quarantined> quarantined) {
    Map<String, Set<Label>> labels = labels(sorted);
    List<Image> rest = new ArrayList<>();
    for (Image image : sorted) {
      Set<Label> own = labels.get(image.sha256());
      if (own.size() == 1) {
        rest.add(image);
      } else {
        quarantined.add(
            new Quarantined(
                image.path(),
                Reason.TWO_LABELS,
                own.stream().allMatch(l -> l.index() < 2)
                    ? "the same image is there as both classes"
                    : "the same image is there as several classes"));
      }
    }
    return rest;
  }

  private static List<Image> withoutLeaks(
      List<Image> sorted, List<Image> test, List<Quarantined> quarantined) {
    Map<String, String> testHashes = new HashMap<>();
    Set<String> testPatients = new HashSet<>();
    for (Image image : test) {
      testHashes.putIfAbsent(image.sha256(), image.path());
      testPatients.add(image.patient());
    }
    List<Image> rest = new ArrayList<>();
    for (Image image : sorted) {
      if (image.official() == Split.TEST) {
        continue;
      }
      if (testHashes.containsKey(image.sha256())) {
        quarantined.add(
            new Quarantined(
                image.path(),
                Reason.IMAGE_IN_TEST,
                "it is the same image as " + testHashes.get(image.sha256())));
      } else if (testPatients.contains(image.patient())) {
        quarantined.add(
            new Quarantined(
                image.path(),
                Reason.PATIENT_IN_TEST,
                "its patient " + image.patient() + " is in the test split"));
      } else {
        rest.add(image);
      }
    }
    return rest;
  }

  /** Labels of each image, by its hash. */
  private static Map<String, Set<Label>> labels(List<Image> images) {
    Map<String, Set<Label>> labels = new HashMap<>();
    images.forEach(i -> labels.computeIfAbsent(i.sha256(), h -> new TreeSet<>()).add(i.label()));
    return labels;
  }

  /** Images of a source without splits, some moved to the test split. */
  private static List<Image> withDrawnTest(List<Image> sorted, DatasetOptions options) {
    double fraction = options.testFraction().orElse(DatasetOptions.TEST_FRACTION);
    Set<String> drawn = new HashSet<>();
    draw(groups(sorted), fraction, "test", options.seed())
        .forEach(group -> group.images().forEach(i -> drawn.add(i.path())));
    return sorted.stream()
        .map(
            i ->
                drawn.contains(i.path())
                    ? new Image(i.path(), Split.TEST, i.label(), i.place(), i.patient(), i.sha256())
                    : i)
        .toList();
  }

  /** Union-find over patients, joined by identical images. */
  private static List<Group> groups(List<Image> images) {
    Map<String, String> parents = new HashMap<>();
    Map<String, String> patientOfHash = new HashMap<>();
    for (Image image : images) {
      parents.putIfAbsent(image.patient(), image.patient());
      String other = patientOfHash.putIfAbsent(image.sha256(), image.patient());
      if (other != null) {
        String a = find(parents, image.patient());
        String b = find(parents, other);
        // The smaller name is the root, so that a group's key does not depend on the order.
        if (a.compareTo(b) < 0) {
          parents.put(b, a);
        } else {
          parents.put(a, b);
        }
      }
    }
    Map<String, List<Image>> groups = new TreeMap<>();
    for (Image image : images) {
      groups.computeIfAbsent(find(parents, image.patient()), k -> new ArrayList<>()).add(image);
    }
    List<Group> list = new ArrayList<>();
    groups.forEach((key, members) -> list.add(new Group(key, List.copyOf(members))));
    return list;
  }

  private static String find(Map<String, String> parents, String patient) {
    String root = patient;
    while (!parents.get(root).equals(root)) {
      root = parents.get(root);
    }
    parents.put(patient, root);
    return root;
  }

  /**
   * Draws groups in each stratum until its fraction is reached. Only groups with an image of the
   * train folder are drawn: the official validation images stay in training.
   */
  private static Set<Group> draw(List<Group> groups, double fraction, String purpose, long seed) {
    Set<Group> drawn = new HashSet<>();
    for (Stratum stratum : new TreeSet<>(groups.stream().map(Group::stratum).toList())) {
      List<Group> candidates = new ArrayList<>(groups);
      candidates.removeIf(g -> !g.stratum().equals(stratum) || !g.hasAnyOf(Split.TRAIN));
      candidates.sort(byHash(seed, purpose, Group::key));
      double target = fraction * candidates.stream().mapToInt(g -> g.images().size()).sum();
      int taken = 0;
      for (Group group : candidates) {
        int size = group.images().size();
        // A small class also gets a validation image if one remains for training.
        boolean first = taken == 0 && target > 0 && candidates.size() > 1;
        if (first || taken + size / 2.0 <= target) {
          drawn.add(group);
          taken += size;
        }
      }
    }
    return drawn;
  }

  /**
   * Seeded random order by hash. An additional file does not change the order of the others, and
   * the order is the same on every Java version.
   */
  private static <T> Comparator<T> byHash(long seed, String purpose, Function<T, String> key) {
    Map<String, String> hashes = new HashMap<>();
    return Comparator.<T, String>comparing(
            t ->
                hashes.computeIfAbsent(
                    key.apply(t), k -> Hashes.sha256(seed + "/" + purpose + "/" + k)))
        .thenComparing(key);
  }

  private static void assertNothingShared(Map<Split, List<Image>> images) {
    Map<String, Split> seen = new HashMap<>();
    images.forEach(
        (split, list) -> {
          for (Image image : list) {
            for (String key : List.of("patient " + image.patient(), "image " + image.sha256())) {
              Split other = seen.putIfAbsent(key, split);
              if (other != null && other != split) {
                throw new IllegalStateException(
                    key + " is in " + other.key() + " and in " + split.key());
              }
            }
          }
        });
  }
}
