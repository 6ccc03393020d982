package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Names of layers as users write them: a full name ({@code stem_conv}), the beginning of one before
 * an underscore ({@code stem}, {@code block2a}), or a pattern in which {@code *} stands for
 * anything ({@code block2?_dwconv*}; {@code ?} stands for one character).
 */
public final class LayerPatterns {
  private LayerPatterns() {}

  /** Whether a name fits. */
  public static boolean matches(String pattern, String name) {
    if (name.equals(pattern) || name.startsWith(pattern + "_")) {
      return true;
    }
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '*') {
        regex.append(".*");
      } else if (c == '?') {
        regex.append('.');
      } else {
        regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return name.matches(regex.toString());
  }

  /**
   * The layers of a network that fit one of the patterns.
   *
   * @throws DeepXrayException if no layer fits some pattern
   */
  public static Set<String> layers(Network network, Collection<String> patterns) {
    Set<String> found = new TreeSet<>();
    for (String pattern : patterns) {
      Set<String> some = new TreeSet<>();
      for (Layer layer : network.layers()) {
        if (matches(pattern, layer.name())) {
          some.add(layer.name());
        }
      }
      if (some.isEmpty()) {
        throw new DeepXrayException(
            ("No layer of %s is called %s; its layers are called stem_conv, block2a_dwconv and the"
                    + " like after batch normalization is folded, and block2a or *_dwconv stand for "
                    + "several.")
                .formatted(network.name(), pattern));
      }
      found.addAll(some);
    }
    return found;
  }
}
