package io.github.deepxray.report.internal;

import java.util.List;

/**
 * A picture in SVG.
 *
 * @param id unique on the page; its title and description are named after it
 * @param style its classes in the style sheet
 * @param width of it in pixels
 * @param height of it in pixels
 * @param title what it shows, for those who cannot see it
 * @param description what there is to see, for the same
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
