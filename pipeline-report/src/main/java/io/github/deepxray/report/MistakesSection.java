package io.github.deepxray.report;

import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.HeatMapOverlay;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.Mistakes;
import io.github.deepxray.train.Predictions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The test images that are decided most wrongly. */
final class MistakesSection {
  private static final double OPACITY = 0.6;

  private final ReportContent content;
  private final ClassVocabulary words;
  private final Map<String, Picture> pictures = new HashMap<>();
  private final Html html = new Html();

  private MistakesSection(ReportContent content) {
    this.content = content;
    this.words = content.words();
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
        "Test images; decided for "
            + content.metrics().decision().describe(words.profile())
            + ". "
            + (content.mistakes().stream().anyMatch(p -> p.heat().isPresent())
                ? "The second picture is the image under its heat map (Grad-CAM): the more a place"
                    + " speaks for "
                    + words.explained()
                    + ", the more colour it has, from a trace of violet (little) to yellow (most"
                    + " of this image). It shows what the model looked at, not where a disease"
                    + " is. "
                : "")
            + content.heatMaps().orElse(""),
        "class",
        "soft");
    Mistakes all =
        Mistakes.of(content.predictions(Split.TEST), content.metrics().decision().decision());
    List<Mistakes.Kind> shown = all.shown().kinds();
    for (int i = 0; i < shown.size(); i++) {
      kind(all.kinds().get(i).rows().size(), shown.get(i));
    }
    if (shown.size() < all.kinds().size()) {
      html.element("p", "Only the first " + shown.size() + " classes are shown.", "class", "soft");
    }
    html.close();
  }

  private void kind(int all, Mistakes.Kind kind) {
    Label label = kind.label();
    String wrongly = "called " + words.otherThan(label);
    html.element("h3", ClassVocabulary.capitalized(words.many(label)) + ", " + wrongly);
    if (all == 0) {
      html.element(
          "p", "None of the " + words.many(label) + " of the test split is " + wrongly + ".");
      return;
    }
    html.element(
        "p",
        (all > kind.rows().size()
                ? "The worst " + kind.rows().size() + " of " + Numbers.count(all)
                : "All " + all)
            + ".",
        "class",
        "soft");
    html.open("div", "class", "mistakes");
    kind.rows().forEach(this::mistake);
    html.close();
  }

  /** The class whose probability is shown: the positive one of two, else the one decided for. */
  private Label scored(ScoredExample example) {
    int decided = content.metrics().decision().decision().decide(example.scores());
    return words.profile().positive().orElse(new Label(decided));
  }

  private void mistake(Predictions.Row row) {
    ScoredExample example = row.example();
    html.open("figure", "class", "mistake");
    Optional<Picture> picture = Optional.ofNullable(pictures.get(example.id()));
    picture.ifPresent(
        p -> {
          html.open("div", "class", "pair");
          html.empty("img", "src", p.address(), "alt", row.slice() + ": " + example.id());
          p.heatMap().ifPresent(map -> overlay(p, map, example.id()));
          html.close();
        });
    html.open("figcaption");
    Label scored = scored(example);
    html.element("b", Numbers.decimals(example.score(scored.index()), 3));
    html.text(" " + words.name(scored) + ": " + row.slice() + ", patient ")
        .element("code", example.patient())
        .empty("br");
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
            : "heat map over " + name + ": nothing speaks for " + words.explained());
  }
}
