package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Patterns of layer names: a full name ({@code stem_conv}), a prefix before an underscore ({@code
 * stem}, {@code block2a}), or a glob with {@code *} for any characters and {@code ?} for one
 * ({@code block2?_dwconv*}).
 */
public final class LayerPatterns {
  private LayerPatterns() {}

  /** Whether a name matches a pattern. */
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
   * Returns the layers of a network that match one of the patterns.
   *
   * @throws DeepXrayException if no layer matches a pattern
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
            ("No layer of %s matches %s; its layers have names like stem_conv and block2a_dwconv"
                    + " after batch normalization is folded, and block2a or *_dwconv match "
                    + "several.")
                .formatted(network.name(), pattern));
      }
      found.addAll(some);
    }
    return found;
  }
}
