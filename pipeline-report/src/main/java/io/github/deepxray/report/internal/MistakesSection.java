package io.github.deepxray.report.internal;

import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.HeatMapOverlay;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.internal.Mistakes;
import java.util.ArrayList;
import java.util.List;

/**
 * The test images that are decided most wrongly.
 *
 * @param rule what is decided for
 * @param explained what heat maps speak for; empty if there are none
 * @param trust how far heat maps can be trusted
 * @param kinds the mistakes of each class
 * @param more whether there are more classes
 */
record MistakesSection(
    String rule, String explained, String trust, List<Kind> kinds, boolean more) {
  private static final double OPACITY = 0.6;

  /**
   * The mistakes of a class.
   *
   * @param title what is called what
   * @param number how many are shown of how many
   */
  record Kind(String title, String number, List<Mistake> mistakes) {}

  /**
   * An image.
   *
   * @param pictures the image, and its heat map over it; none if the bundle has no pictures
   * @param score the probability
   * @param scored the class whose probability it is
   * @param id the whole name of its file
   * @param file the end of it
   */
  record Mistake(
      List<Image> pictures,
      String score,
      String scored,
      String slice,
      String patient,
      String id,
      String file) {}

  /** A picture with what it shows for those who cannot see it. */
  record Image(String address, String text) {}

  static MistakesSection of(ReportContent content) {
    Mistakes all =
        Mistakes.of(content.predictions(Split.TEST), content.metrics().decision().decision());
    List<Mistakes.OfClass> shown = all.shown().classes();
    List<Kind> kinds = new ArrayList<>();
    for (int i = 0; i < shown.size(); i++) {
      kinds.add(kind(content, all.classes().get(i).rows().size(), shown.get(i)));
    }
    boolean heat = content.mistakes().stream().anyMatch(p -> p.heat().isPresent());
    return new MistakesSection(
        content.metrics().decision().describe(content.words().profile()),
        heat ? content.words().explained() : "",
        content.heatMaps().orElse(""),
        kinds,
        shown.size() < all.classes().size());
  }

  private static Kind kind(ReportContent content, int all, Mistakes.OfClass kind) {
    ClassVocabulary words = content.words();
    String wrongly = "called " + words.otherThan(kind.label());
    String many = words.many(kind.label());
    int shown = kind.rows().size();
    return new Kind(
        ClassVocabulary.capitalized(many) + ", " + wrongly,
        all == 0
            ? "None of the " + many + " of the test split is " + wrongly + "."
            : all > shown
                ? "The worst " + shown + " of " + Numbers.count(all) + "."
                : "All " + all + ".",
        kind.rows().stream().map(row -> mistake(content, row)).toList());
  }

  /** The class whose probability is shown: the positive one of two, else the one decided for. */
  private static Label scored(ReportContent content, ScoredExample example) {
    int decided = content.metrics().decision().decision().decide(example.scores());
    return content.words().profile().positive().orElse(new Label(decided));
  }

  private static Mistake mistake(ReportContent content, Predictions.Row row) {
    ScoredExample example = row.example();
    Label scored = scored(content, example);
    List<Image> images = new ArrayList<>();
    content.mistakes().stream()
        .filter(picture -> picture.file().equals(example.id()))
        .findFirst()
        .ifPresent(
            picture -> {
              images.add(new Image(picture.address(), row.slice() + ": " + example.id()));
              picture.heatMap().ifPresent(map -> images.add(overlay(content, picture, map)));
            });
    return new Mistake(
        images,
        Numbers.decimals(example.score(scored.index()), 3),
        content.words().name(scored),
        row.slice(),
        example.patient(),
        example.id(),
        example.id().substring(example.id().lastIndexOf('/') + 1));
  }

  private static Image overlay(ReportContent content, Picture picture, HeatMap map) {
    String text = "heat map over " + picture.file();
    return new Image(
        Picture.address(HeatMapOverlay.over(picture.image(), map, OPACITY)),
        map.max() > 0 ? text : text + ": nothing speaks for " + content.words().explained());
  }
}
