package io.github.deepxray.report.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.metrics.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/** Charts read back as a reader does: by the labels of their axes. */
class ChartTest {
  private static Element svg(Chart chart) {
    String svg = Templates.html(out -> JtesvgGenerated.render(out, null, chart.svg()));
    return Page.parse(svg).document().getDocumentElement();
  }

  /** From pixels to values, by two labelled places. */
  private static double value(NavigableMap<Double, Double> labels, double pixel) {
    double first = labels.firstKey();
    double last = labels.lastKey();
    return labels.get(first)
        + (pixel - first) / (last - first) * (labels.get(last) - labels.get(first));
  }

  private static NavigableMap<Double, Double> labels(Element svg, boolean ofX) {
    NavigableMap<Double, Double> labels = new TreeMap<>();
    for (Element text : Page.all(svg, "text")) {
      if (text.getAttribute("class").isEmpty()) {
        boolean middle = text.getAttribute("text-anchor").equals("middle");
        if (middle == ofX) {
          double label = Double.parseDouble(text.getTextContent().replace('−', '-'));
          // The text stands 4 pixels below the middle of its line.
          double pixel = Double.parseDouble(text.getAttribute(ofX ? "x" : "y")) - (ofX ? 0 : 4);
          labels.put(pixel, label);
        }
      }
    }
    return labels;
  }

  private static List<double[]> points(Element svg, String element) {
    NavigableMap<Double, Double> x = labels(svg, true);
    NavigableMap<Double, Double> y = labels(svg, false);
    List<double[]> points = new ArrayList<>();
    for (String pair : Page.all(svg, element).get(0).getAttribute("points").split(" ", -1)) {
      String[] parts = pair.split(",", -1);
      points.add(
          new double[] {
            value(x, Double.parseDouble(parts[0])), value(y, Double.parseDouble(parts[1]))
          });
    }
    return points;
  }

  @Test
  void aLineGoesThroughItsPoints() {
    List<Chart.Point> expected =
        List.of(
            new Chart.Point(0, 0),
            new Chart.Point(0, 0.5),
            new Chart.Point(Double.NaN, 0.9),
            new Chart.Point(0.25, 2 / 3.0),
            new Chart.Point(1, 1));
    Element svg =
        svg(
            Chart.of("c", "title", "description", Axis.unit("x"), Axis.unit("y"), 300)
                .line("test", expected));
    List<double[]> drawn = points(svg, "polyline");
    assertThat(drawn).hasSize(4);
    double[][] defined = {{0, 0}, {0, 0.5}, {0.25, 2 / 3.0}, {1, 1}};
    for (int i = 0; i < 4; i++) {
      assertThat(drawn.get(i)).containsExactly(defined[i], within(2e-3));
    }
  }

  @Test
  void aBandLiesBetweenTheEndsOfItsIntervals() {
    Element svg =
        svg(
            Chart.of("c", "t", "d", Axis.unit("x"), Axis.unit("y"), 300)
                .band(
                    "test",
                    List.of(
                        new Chart.Range(0, new Interval(0.5, 0.25, 0.75)),
                        new Chart.Range(0.5, new Interval(0.5, Double.NaN, Double.NaN)),
                        new Chart.Range(1, new Interval(0.5, 0.375, 0.625)))));
    List<double[]> drawn = points(svg, "polygon");
    double[][] corners = {{0, 0.75}, {1, 0.625}, {1, 0.375}, {0, 0.25}};
    for (int i = 0; i < 4; i++) {
      assertThat(drawn.get(i)).containsExactly(corners[i], within(2e-3));
    }
  }

  @Test
  void manyPointsBecomeFew() {
    List<Chart.Point> points = new ArrayList<>();
    for (int i = 0; i <= 200_000; i++) {
      points.add(new Chart.Point(i / 200_000.0, i / 200_000.0));
    }
    Element svg =
        svg(Chart.of("c", "t", "d", Axis.unit("x"), Axis.unit("y"), 300).line("test", points));
    List<double[]> drawn = points(svg, "polyline");
    assertThat(drawn).hasSizeLessThan(2000);
    assertThat(drawn.get(drawn.size() - 1)).containsExactly(new double[] {1, 1}, within(2e-3));
  }

  @Test
  void namesOfLinesDoNotOverlap() {
    Chart chart = Chart.withEnds("c", "t", "d", Axis.numbered("epoch", 3), Axis.unit("loss"), 200);
    for (String name : List.of("a", "b", "c")) {
      chart.named(name, name, List.of(new Chart.Point(1, 0.5), new Chart.Point(3, 0.5)));
    }
    List<Double> places =
        Page.all(svg(chart), "text").stream()
            .filter(text -> text.getAttribute("class").startsWith("end"))
            .map(text -> Double.parseDouble(text.getAttribute("y")))
            .toList();
    assertThat(places).hasSize(3);
    assertThat(places.get(1) - places.get(0)).isGreaterThanOrEqualTo(12);
    assertThat(places.get(2) - places.get(1)).isGreaterThanOrEqualTo(12);
  }

  @Test
  void axesHoldTheirValuesAndHaveRoundLabels() {
    double[][] ranges = {{0, 0.57}, {0.9876, 0.9989}, {0.13, 1.45}, {3, 3}, {0, 0}, {-2e-5, 7e-6}};
    for (double[] range : ranges) {
      Axis axis = Axis.around("v", range[0], range[1], 5);
      double rounding = 1e-9 * (axis.max() - axis.min());
      assertThat(axis.min()).isLessThanOrEqualTo(range[0] + rounding);
      assertThat(axis.max()).isGreaterThanOrEqualTo(range[1] - rounding);
      assertThat(axis.ticks()).hasSizeBetween(2, 8);
      for (double tick : axis.ticks()) {
        // What is written is where it is.
        assertThat(Double.parseDouble(axis.label(tick).replace('−', '-')))
            .isCloseTo(tick, within((axis.max() - axis.min()) / 1000));
      }
    }
    assertThat(Axis.numbered("epoch", 30).ticks())
        .containsExactly(1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0);
    assertThat(Axis.numbered("epoch", 5).ticks()).containsExactly(1.0, 2.0, 3.0, 4.0, 5.0);
    assertThat(Axis.numbered("epoch", 1).max()).isEqualTo(2);
    assertThat(Axis.around("share", 0, 0.57, 4).inPercent().label(0.2)).isEqualTo("20 %");
  }
}
