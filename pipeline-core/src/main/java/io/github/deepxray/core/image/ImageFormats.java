package io.github.deepxray.core.image;

import io.github.deepxray.core.internal.services.Services;
import java.lang.ref.SoftReference;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;

/**
 * Registry of the image formats on the class path: JPEG, PNG, BMP, TIFF and those of other
 * libraries.
 */
public final class ImageFormats {
  /** Cache by the context class loader, which determines the formats. */
  private static final Map<ClassLoader, SoftReference<List<ImageFormat>>> FOUND =
      new WeakHashMap<>();

  private ImageFormats() {}

  /** All formats; of several with one name, the first on the class path. */
  public static List<ImageFormat> all() {
    ClassLoader loader =
        Optional.ofNullable(Thread.currentThread().getContextClassLoader())
            .orElseGet(ClassLoader::getSystemClassLoader);
    synchronized (FOUND) {
      SoftReference<List<ImageFormat>> known = FOUND.get(loader);
      List<ImageFormat> formats = known == null ? null : known.get();
      if (formats == null) {
        formats = find();
        FOUND.put(loader, new SoftReference<>(formats));
      }
      return formats;
    }
  }

  private static List<ImageFormat> find() {
    Map<String, ImageFormat> byName = new LinkedHashMap<>();
    Services.all(ImageFormat.class).forEach(format -> byName.putIfAbsent(format.name(), format));
    return List.copyOf(byName.values());
  }

  /**
   * Formats that a server accepts: JPEG, PNG and those of libraries with {@link
   * ImageFormat#isServed}.
   */
  public static List<ImageFormat> served() {
    return all().stream().filter(ImageFormat::isServed).toList();
  }

  /** Names of the formats in a sentence, such as {@code JPEG, PNG, BMP and TIFF}. */
  public static String titles() {
    List<String> titles = all().stream().map(ImageFormat::title).toList();
    int last = titles.size() - 1;
    return last < 1
        ? String.join("", titles)
        : String.join(", ", titles.subList(0, last)) + " and " + titles.get(last);
  }

  /** File name extensions of the formats, in lower case. */
  public static List<String> extensions() {
    return all().stream().flatMap(format -> format.extensions().stream()).distinct().toList();
  }

  /**
   * Returns the extension of a file name in lower case, without the dot; empty if the part after
   * the last dot is no extension, such as a number.
   */
  public static String extension(String name) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    int dot = last.lastIndexOf('.');
    String end = dot <= 0 ? "" : last.substring(dot + 1).toLowerCase(Locale.ROOT);
    return end.matches("(?=.*[a-z])[a-z0-9_]{1,10}") ? end : "";
  }

  /** Whether a file name has the extension of one of the formats. */
  public static boolean isImageName(String name) {
    int dot = name.lastIndexOf('.');
    String extension = name.substring(dot + 1).toLowerCase(Locale.ROOT);
    return dot >= 0 && all().stream().anyMatch(format -> format.extensions().contains(extension));
  }
}
