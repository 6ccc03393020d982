package io.github.deepxray.report.internal;

import java.util.List;

/**
 * SVG picture.
 *
 * @param id identifier, unique on the page, also the prefix of the identifiers of title and
 *     description
 * @param style CSS classes
 * @param width width in pixels
 * @param height height in pixels
 * @param title title for screen readers
 * @param description description for screen readers
 */
record Svg(
    String id,
    String style,
    String width,
    String height,
    String title,
    String description,
    List<Shape> shapes) {
  Svg {
    shapes = List.copyOf(shapes);
  }
}
