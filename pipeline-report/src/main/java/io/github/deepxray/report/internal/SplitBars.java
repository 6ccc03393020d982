package io.github.deepxray.report.internal;

import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Bar chart of the share of each class, or finer class, in each split. */
final class SplitBars {
  /** Number of colours for segments of a bar. */
  private static final int COLOURS = 8;

  private static final double WIDTH = 440;
  private static final double LEFT = 70;
  private static final double BAR = 24;
  private static final double ROW = 34;
  private static final double NAMES = 20;

  private SplitBars() {}

  /** Segment of a bar: a finer class, or a class if there are no finer ones. */
  private record Part(String name, String style, Map<Split, Integer> images) {
    int images(SplitSummary split) {
      return images.getOrDefault(split.split(), 0);
    }
  }

  /** Returns the word for a segment. */
  static String part(ClassVocabulary words) {
    return words.profile().hasSlices() ? "finer class" : "class";
  }

  static Svg svg(ReportContent content) {
    List<SplitSummary> splits = content.dataset().splits();
    List<Part> parts = parts(content);
    List<Shape> shapes = new ArrayList<>();
    for (int i = 0; i < splits.size(); i++) {
      bar(shapes, splits.get(i), parts, i * ROW);
    }
    double height = names(shapes, parts, splits.size() * ROW);
    return new Svg(
        "classes",
        "chart bars",
        Numbers.coordinate(WIDTH),
        Numbers.coordinate(height),
        "Classes of each split",
        "A bar for each split, divided by the share of images of each "
            + part(content.words())
            + "; the table below has the numbers.",
        shapes);
  }

  private static List<Part> parts(ReportContent content) {
    ClassVocabulary words = content.words();
    List<SplitSummary> splits = content.dataset().splits();
    List<Part> parts = new ArrayList<>();
    if (words.profile().hasSlices()) {
      for (String slice : words.profile().slices()) {
        Map<Split, Integer> images = new EnumMap<>(Split.class);
        splits.forEach(s -> images.put(s.split(), s.slices().getOrDefault(slice, 0)));
        parts.add(part(slice, parts.size(), images));
      }
    } else {
      for (Label label : words.classes().labels()) {
        Map<Split, Integer> images = new EnumMap<>(Split.class);
        splits.forEach(s -> images.put(s.split(), s.labels().getOrDefault(label, 0)));
        parts.add(part(words.brief(label), parts.size(), images));
      }
    }
    parts.removeIf(part -> part.images.values().stream().allMatch(count -> count == 0));
    return parts;
  }

  private static Part part(String name, int number, Map<Split, Integer> images) {
    return new Part(name, "part part" + number % COLOURS, images);
  }

  private static void bar(List<Shape> shapes, SplitSummary split, List<Part> parts, double y) {
    shapes.add(Shape.text("", 0, y + BAR / 2 + 4, "start", split.split().key()));
    double x = LEFT;
    for (Part part : parts) {
      int images = part.images(split);
      if (images > 0) {
        double width = (WIDTH - LEFT) * images / split.images();
        shapes.add(Shape.rect(part.style, x, y, Math.max(0.5, width - 1), BAR));
        String label = Numbers.count(images);
        String longer = part.name + " " + label;
        if (width > 7.5 * ClassVocabulary.width(longer)) {
          shapes.add(Shape.text("on", x + width / 2, y + BAR / 2 + 4, "middle", longer));
        } else if (width > 8 * label.length()) {
          shapes.add(Shape.text("on", x + width / 2, y + BAR / 2 + 4, "middle", label));
        }
        x += width;
      }
    }
  }

  /**
   * Adds the legend below the bars.
   *
   * @return vertical position of its end
   */
  private static double names(List<Shape> shapes, List<Part> parts, double top) {
    double x = LEFT;
    double y = top;
    for (Part part : parts) {
      double width = 34 + 7.0 * ClassVocabulary.width(part.name);
      if (x > LEFT && x + width > WIDTH) {
        x = LEFT;
        y += NAMES;
      }
      shapes.add(Shape.rect(part.style, x, y + 6, 12, 12));
      shapes.add(Shape.text("", x + 17, y + 16, "start", part.name));
      x += width;
    }
    return y + NAMES + 4;
  }
}
