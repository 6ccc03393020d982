package io.github.deepxray.datasets.source;

import io.github.deepxray.core.internal.Keyed;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Files that operating systems and programs create beside data. */
public enum Junk implements Keyed {
  /** In a folder {@code __MACOSX}. */
  MACOSX,
  /** Named {@code ._*}. */
  APPLE_DOUBLE,
  /** Named {@code .DS_Store}. */
  DS_STORE,
  /** A file or folder whose name begins with a dot, such as {@code .ipynb_checkpoints}. */
  HIDDEN,
  /** A file or folder of Windows, macOS, Linux or a NAS: {@code Thumbs.db}, {@code desktop.ini}. */
  SYSTEM;

  private static final Set<String> SYSTEM_FOLDERS =
      Set.of("$recycle.bin", "system volume information", "lost+found", "@eadir");
  private static final Set<String> SYSTEM_FILES =
      Set.of("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r");

  /** Finds the kind of junk of a path; folders are separated by {@code /}. */
  public static Optional<Junk> of(String path) {
    List<String> parts = List.of(path.split("/", -1));
    String name = parts.get(parts.size() - 1);
    List<String> folders = parts.subList(0, parts.size() - 1);
    if (folders.contains("__MACOSX")) {
      return Optional.of(MACOSX);
    } else if (folders.stream().anyMatch(Junk::isHidden)) {
      return Optional.of(HIDDEN);
    } else if (name.startsWith("._")) {
      return Optional.of(APPLE_DOUBLE);
    } else if (name.equals(".DS_Store")) {
      return Optional.of(DS_STORE);
    } else if (isHidden(name)) {
      return Optional.of(HIDDEN);
    } else if (SYSTEM_FILES.contains(name.toLowerCase(Locale.ROOT))
        || folders.stream().anyMatch(f -> SYSTEM_FOLDERS.contains(f.toLowerCase(Locale.ROOT)))) {
      return Optional.of(SYSTEM);
    }
    return Optional.empty();
  }

  private static boolean isHidden(String name) {
    return name.startsWith(".") && !name.equals(".") && !name.equals("..");
  }
}
