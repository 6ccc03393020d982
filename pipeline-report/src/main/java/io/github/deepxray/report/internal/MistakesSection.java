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
 * Section with the worst mistakes among the test images.
 *
 * @param rule description of the decision
 * @param explained words for the class of the heat maps; empty if there are none
 * @param trust text about the precision of the heat maps
 * @param classes mistakes of each class
 * @param more whether there are more classes
 */
record MistakesSection(
    String rule, String explained, String trust, List<OfClass> classes, boolean more) {
  private static final double OPACITY = 0.6;

  /**
   * Mistakes of a class.
   *
   * @param title heading
   * @param number text with the number of shown and of all mistakes
   */
  record OfClass(String title, String number, List<Mistake> mistakes) {}

  /**
   * Misclassified image.
   *
   * @param pictures the image, and the image with its heat map; empty if the bundle has no pictures
   * @param score the probability
   * @param scored class of the probability
   * @param id full name of the image file
   * @param file last part of the name
   */
  record Mistake(
      List<Image> pictures,
      String score,
      String scored,
      String slice,
      String patient,
      String id,
      String file) {}

  /** Picture with its alternative text. */
  record Image(String address, String text) {}

  static MistakesSection of(ReportContent content) {
    Mistakes all =
        Mistakes.of(content.predictions(Split.TEST), content.metrics().decision().decision());
    List<Mistakes.OfClass> shown = all.shown().classes();
    List<OfClass> classes = new ArrayList<>();
    for (int i = 0; i < shown.size(); i++) {
      classes.add(ofClass(content, all.classes().get(i).rows().size(), shown.get(i)));
    }
    boolean heat = content.mistakes().stream().anyMatch(p -> p.heat().isPresent());
    return new MistakesSection(
        content.metrics().decision().describe(content.words().profile()),
        heat ? content.words().explained() : "",
        content.heatMaps().orElse(""),
        classes,
        shown.size() < all.classes().size());
  }

  private static OfClass ofClass(ReportContent content, int all, Mistakes.OfClass ofClass) {
    ClassVocabulary words = content.words();
    String wrong = "classified as " + words.otherThan(ofClass.label());
    String many = words.many(ofClass.label());
    int shown = ofClass.rows().size();
    return new OfClass(
        ClassVocabulary.capitalized(many) + ", " + wrong,
        all == 0
            ? "None of the " + many + " of the test split is " + wrong + "."
            : all > shown
                ? "The worst " + shown + " of " + Numbers.count(all) + "."
                : "All " + all + ".",
        ofClass.rows().stream().map(row -> mistake(content, row)).toList());
  }

  /**
   * Returns the class of the shown probability: the positive one of two, else the decided class.
   */
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
        map.max() > 0 ? text : text + ": no evidence for " + content.words().explained());
  }
}
