package io.github.deepxray.report.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.train.internal.Mistakes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;

class ReportPageTest {
  private static ReportContent content;
  private static String html;
  private static Page page;

  @BeforeAll
  static void draw() throws IOException {
    content = ReportContents.full();
    html = ReportPage.html(content);
    page = Page.parse(html);
  }

  private static void requireSelfContained(Page page) {
    for (String element : List.of("script", "link", "iframe", "object", "embed", "base", "form")) {
      assertThat(page.all(element)).as(element).isEmpty();
    }
    for (Element element : page.all("*")) {
      NamedNodeMap attributes = element.getAttributes();
      for (int i = 0; i < attributes.getLength(); i++) {
        assertThat(attributes.item(i).getNodeName()).doesNotStartWith("on").isNotEqualTo("style");
      }
      if (element.hasAttribute("src")) {
        assertThat(element.getAttribute("src")).startsWith("data:image/jpeg;base64,");
        assertThat(element.getAttribute("alt")).isNotBlank();
      }
      String address = element.getAttribute("href");
      if (address.startsWith("#")) {
        page.byId(address.substring(1));
      } else if (!address.isEmpty()) {
        // Nothing but pages of the same bundle, and that only when somebody follows the link.
        assertThat(address).matches("\\./reports/[^<>\" ]+");
      }
    }
  }

  @Test
  void needsNothingBesideIt() {
    assertThat(html).startsWith("<!DOCTYPE html>\n");
    assertThat(html.getBytes(StandardCharsets.UTF_8).length).isLessThan(3_000_000);
    requireSelfContained(page);
    assertThat(page.all("img"))
        .hasSize(56 + content.shortcuts().size() + 2 * content.mistakes().size());
    String style =
        page.all("style").stream().map(Element::getTextContent).collect(Collectors.joining());
    assertThat(style)
        .contains("prefers-color-scheme: dark", "@media print")
        .doesNotContain("url(", "@import", "http");
  }

  @Test
  void whatComesFromFilesStaysText() {
    // What the file says is there, as text; the bell is not.
    String name = ReportContents.hostile("name").replace('\u0007', '\uFFFD');
    assertThat(page.all("h1").get(0).getTextContent()).isEqualTo(name);
    for (String from :
        List.of(
            "purpose",
            "data",
            "from",
            "limit",
            "backbone",
            "b0",
            "a0",
            "b0",
            "q0",
            "reason",
            "patient",
            "form",
            "objection",
            "machine",
            "other",
            "page",
            "heat",
            "option",
            "value",
            "version",
            "os",
            "fingerprint",
            "dependence",
            "source")) {
      assertThat(page.text()).contains("http://x.example/" + from + "\"");
    }
    assertThat(page.all("img")).noneMatch(img -> img.hasAttribute("onerror"));
  }

  @Test
  void theSameContentGivesTheSameBytes() throws IOException {
    assertThat(ReportPage.html(ReportContents.full())).isEqualTo(html);
  }

  @Test
  void chartsAreDescribedAndIdsAreUnique() {
    Set<String> ids = new HashSet<>();
    page.all("*").stream()
        .map(e -> e.getAttribute("id"))
        .filter(id -> !id.isEmpty())
        .forEach(id -> assertThat(ids.add(id)).as(id).isTrue());
    List<Element> charts = page.styled("chart");
    // Classes, ROC, precision-recall, calibration, four of scores, two of each training.
    assertThat(charts).hasSize(12);
    for (Element chart : charts) {
      assertThat(chart.getAttribute("role")).isEqualTo("img");
      for (String id : chart.getAttribute("aria-labelledby").split(" ", -1)) {
        assertThat(page.byId(id).getTextContent()).isNotBlank();
      }
    }
    for (Element table : page.all("table")) {
      assertThat(Page.all(table, "caption").get(0).getTextContent()).isNotBlank();
    }
  }

  @Test
  void theFirstScreenSaysHowGoodAndHowSure() {
    String first = page.styled("cards").get(0).getTextContent();
    for (Metric metric : Metric.values()) {
      if (metric.better() == Metric.Better.HIGHER) {
        assertThat(first)
            .contains(metric.title())
            .contains(Numbers.interval(content.value(Split.TEST, metric)))
            .contains(Numbers.interval(content.value(Split.VALIDATION, metric)));
      }
    }
    assertThat(first).contains("0.3750").contains("✓ blessed", "✗ refused");
    ConfusionMatrix counts = content.confusion(Split.TEST);
    assertThat(first)
        .contains(
            counts.wrong(0) + " of 40 normal images of the test split are classified as pneumonia")
        .contains(counts.wrong(1) + " of 80 pneumonias of the test split are classified as normal");
    assertThat(page.text()).contains("Not a medical device.");
  }

  @Test
  void theConfusionMatricesAreThoseOfTheMetrics() {
    List<Element> matrices = page.styled("confusion");
    // Three thresholds on two splits.
    assertThat(matrices).hasSize(6);
    ConfusionMatrix expected = content.confusion(Split.TEST);
    assertThat(Page.all(matrices.get(0), "b").stream().map(b -> Long.parseLong(b.getTextContent())))
        .containsExactly(
            expected.count(0, 0), expected.count(0, 1), expected.count(1, 0), expected.count(1, 1));
  }

  @Test
  void mistakesAreShownFromTheWorstOn() {
    List<Double> shown =
        page.styled("mistake").stream()
            .map(m -> Double.parseDouble(Page.all(m, "b").get(0).getTextContent()))
            .toList();
    List<Mistakes.OfClass> classes =
        Mistakes.of(content.predictions().get("test"), new Decision.Threshold(0.375)).classes();
    int alarms = Math.min(12, classes.get(0).rows().size());
    assertThat(alarms).isGreaterThan(1);
    assertThat(shown).hasSize(alarms + Math.min(12, classes.get(1).rows().size()));
    assertThat(shown.subList(0, alarms))
        .isSortedAccordingTo((a, b) -> Double.compare(b, a))
        .allMatch(p -> p >= 0.375);
    assertThat(shown.get(0))
        .isEqualTo(Math.round(1000 * classes.get(0).rows().get(0).example().score(1)) / 1000.0);
    assertThat(shown.subList(alarms, shown.size())).isSorted().allMatch(p -> p <= 0.375);
  }

  @Test
  void whatIsMissingIsLeftOut() throws IOException {
    String least = ReportPage.html(ReportContents.least());
    Page parsed = Page.parse(least);
    assertThat(parsed.all("img")).isEmpty();
    assertThat(parsed.text())
        .contains(
            "no history of its training",
            "None of the pneumonias of the test split is classified as normal")
        .doesNotContain("NaN", "Infinity", "null", "Optional", "%s");
    assertThat(page.text()).doesNotContain("NaN", "Infinity", "null", "Optional", "%s");
  }

  @Test
  void anArtifactThatCouldNotBeRunHasNoNumbers() {
    Element row =
        Page.all(page.byId("artifacts"), "tr").stream()
            .filter(r -> r.getTextContent().contains("model-int16x8.tflite"))
            .findFirst()
            .orElseThrow();
    assertThat(Page.all(row, "td").stream().map(Element::getTextContent))
        .contains("✗ refused", "4,049,5712,034,567 not 0", "4.653.45 gzip")
        .filteredOn("–"::equals)
        // Four metrics, difference, decisions, time.
        .hasSize(7);
    assertThat(page.byId("artifacts").getTextContent())
        .contains("Refused: model-int16x8.tflite cannot be run.");
    assertThat(page.byId("verdicts").getTextContent()).contains("✗ refused model-int16x8.tflite");
  }

  @Test
  void classesAreCalledByTheirNames() throws IOException {
    String named = ReportPage.html(ReportContents.named(new ClassNames("Katze 猫", "Hund & Co")));
    Page parsed = Page.parse(named);
    assertThat(parsed.text())
        .contains(
            "predicted Hund & Co", "share of Katze 猫 (1 − specificity)", "% labelled Hund & Co")
        .doesNotContain("pneumonia", "normal", "bacterial", "viral", "unspecified", "X-ray");
    assertThat(parsed.styled("confusion")).hasSize(6);
    // Classes, ROC, precision-recall, calibration, two of scores, two of each training.
    assertThat(parsed.styled("chart")).hasSize(10);
    // Every folder of the source, by its class.
    assertThat(Page.all(parsed.byId("data"), "td").stream().map(Element::getTextContent))
        .filteredOn("Katze 猫"::equals)
        .hasSize(3);
  }

  @Test
  void namesOfClassesStayTextAndAreShortInCharts() throws IOException {
    Page parsed = Page.parse(ReportPage.html(ReportContents.named(ReportContents.NAMES)));
    requireSelfContained(parsed);
    assertThat(parsed.all("img")).hasSameSizeAs(page.all("img"));
    assertThat(parsed.text())
        .contains(
            "classified as " + ReportContents.NAMES.positive(),
            "classified as " + ReportContents.NAMES.list().get(0));
    for (Element text : parsed.all("text")) {
      assertThat(text.getTextContent()).hasSizeLessThan(70);
    }
    // Both begin alike.
    assertThat(parsed.byId("classes-title").getParentNode().getTextContent())
        .contains("label 0", "label 1");
  }

  /** A matrix and charts of very many classes would be read by nobody. */
  @InCi
  @Test
  void veryManyClassesHaveTheirMostFrequentConfusions() throws IOException {
    ClassNames names = new ClassNames(IntStream.range(0, 30).mapToObj(i -> "class " + i).toList());
    ReportContent many = ReportContents.named(names);
    Page parsed = Page.parse(ReportPage.html(many));
    assertThat(parsed.styled("confusion")).isEmpty();
    assertThat(parsed.text()).contains("The most frequent confusions of the test split");
    assertThat(parsed.all("svg"))
        .filteredOn(svg -> svg.getAttribute("class").contains("chart"))
        .hasSize(1 + 4 * 20 + 4);
    ConfusionMatrix counts = many.confusion(Split.TEST);
    assertThat(counts.mostFrequent()).hasSize(ConfusionMatrix.READABLE);
    assertThat(counts.mostFrequent().get(0).count())
        .isGreaterThanOrEqualTo(counts.mostFrequent().get(19).count())
        .isEqualTo(
            IntStream.range(0, 30 * 30)
                .filter(i -> i / 30 != i % 30)
                .mapToLong(i -> counts.count(i / 30, i % 30))
                .max()
                .orElseThrow());
  }

  /** What two classes have, three have for each. */
  @Test
  void moreClassesHaveThePageOfTwo() throws IOException {
    ClassNames names = ClassNames.parse("cat,Hund & Co,猫");
    ReportContent three = ReportContents.named(names);
    Page parsed = Page.parse(ReportPage.html(three));
    requireSelfContained(parsed);
    assertThat(parsed.text())
        .contains("macro AUC", "Matthews correlation", "the most probable of 3 classes")
        .contains("Each class against all others on the test split")
        .doesNotContain("pneumonia", "normal", "NaN", "null", "Optional", "threshold 0");
    // One decision on two splits, three classes each.
    assertThat(parsed.styled("confusion")).hasSize(2);
    assertThat(Page.all(parsed.styled("confusion").get(0), "b")).hasSize(9);
    // Classes; ROC, precision-recall, calibration and scores of each; two of each training.
    assertThat(parsed.styled("chart")).hasSize(1 + 4 * 3 + 4);
    assertThat(parsed.byId("roc-2-title").getTextContent()).startsWith("猫: ROC");
    assertThat(parsed.styled("mistake")).hasSize(three.mistakes().size()).isNotEmpty();
    ConfusionMatrix counts = three.confusion(Split.TEST);
    assertThat(parsed.styled("cards").get(0).getTextContent())
        .contains(
            counts.wrong(0)
                + " of 40 images of cat of the test split are classified as another class");
  }
}
