package io.github.deepxray.export.report;

import io.github.deepxray.core.html.Html;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.HeatMapOverlay;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.Predictions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The test images that are decided most wrongly. */
final class MistakesSection {
  private static final double OPACITY = 0.6;

  private final ReportContent content;
  private final Wording words;
  private final Map<String, Picture> pictures = new HashMap<>();
  private final Html html = new Html();

  private MistakesSection(ReportContent content) {
    this.content = content;
    this.words = content.wording();
    content.mistakes().forEach(picture -> pictures.put(picture.file(), picture));
  }

  static Html html(ReportContent content) {
    MistakesSection section = new MistakesSection(content);
    section.write();
    return section.html;
  }

  private void write() {
    html.open("section", "id", "mistakes").element("h2", "The worst mistakes");
    html.element(
        "p",
        "Test images, decided at "
            + Numbers.probability(content.threshold())
            + ". "
            + (content.mistakes().stream().anyMatch(p -> p.heat().isPresent())
                ? "The second picture is the image under its heat map (Grad-CAM): the more a place"
                    + " speaks for "
                    + words.positive()
                    + ", the more colour it has, from a trace of violet (little) to yellow (most"
                    + " of this image). It shows what the model looked at, not where a disease"
                    + " is. "
                : "")
            + content.heatMaps().orElse(""),
        "class",
        "soft");
    Mistakes mistakes = Mistakes.of(content.predictions(Split.TEST), content.threshold());
    kind(
        mistakes.falseAlarms(),
        "False alarms: " + words.negative() + ", called " + words.positive(),
        "No " + words.negativeOfTest() + " is called " + words.positive() + ".");
    kind(
        mistakes.missed(),
        "Missed: " + words.positive() + ", called " + words.negative(),
        "No " + words.positiveOfTest() + " is called " + words.negative() + ".");
    html.close();
  }

  private void kind(List<Predictions.Row> all, String title, String none) {
    html.element("h3", title);
    if (all.isEmpty()) {
      html.element("p", none);
      return;
    }
    List<Predictions.Row> shown = all.stream().limit(Mistakes.SHOWN).toList();
    html.element(
        "p",
        (all.size() > shown.size()
                ? "The worst " + shown.size() + " of " + Numbers.count(all.size())
                : "All " + all.size())
            + ".",
        "class",
        "soft");
    html.open("div", "class", "mistakes");
    shown.forEach(this::mistake);
    html.close();
  }

  private void mistake(Predictions.Row row) {
    ScoredExample example = row.example();
    html.open("figure", "class", "mistake");
    Optional<Picture> picture = Optional.ofNullable(pictures.get(example.id()));
    picture.ifPresent(
        p -> {
          html.open("div", "class", "pair");
          html.empty(
              "img", "src", p.address(), "alt", words.image(row.slice()) + " " + example.id());
          p.heatMap().ifPresent(map -> overlay(p, map, example.id()));
          html.close();
        });
    html.open("figcaption");
    html.element("b", Numbers.decimals(example.probability(), 3));
    html.text(" " + row.slice() + ", patient ").element("code", example.patient()).empty("br");
    html.element(
        "code", example.id().substring(example.id().lastIndexOf('/') + 1), "title", example.id());
    html.close().close();
  }

  private void overlay(Picture picture, HeatMap map, String name) {
    RgbImage image = picture.image();
    html.empty(
        "img",
        "src",
        Picture.address(HeatMapOverlay.over(image, map, OPACITY)),
        "alt",
        map.max() > 0
            ? "heat map over " + name
            : "heat map over " + name + ": nothing speaks for " + words.positive());
  }
}
