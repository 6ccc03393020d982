package io.github.deepxray.core.network;

import com.google.errorprone.annotations.FormatMethod;
import io.github.deepxray.core.DeepXrayException;
import java.util.List;
import java.util.Locale;

/** Shape checks shared by the layers. */
final class Shapes {
  private Shapes() {}

  static int channels(List<Integer> shape) {
    return shape.get(shape.size() - 1);
  }

  static List<Integer> image(Layer layer, List<Integer> shape) {
    check(shape.size() == 3, layer, "reads an image [H, W, C], not %s", shape);
    return shape;
  }

  @FormatMethod
  static void check(boolean fits, Layer layer, String format, Object... arguments) {
    if (!fits) {
      throw new DeepXrayException(
          "Layer %s (%s): %s"
              .formatted(
                  layer.name(),
                  layer.getClass().getSimpleName(),
                  String.format(Locale.ROOT, format, arguments)));
    }
  }
}
