package io.github.deepxray.cli;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Variables of the process's environment as native libraries see them, which Java itself cannot
 * set. Where the system has no {@code environ}, as Windows, nothing is set.
 */
final class NativeEnvironment {
  private static final String VARIABLES = "environ";

  /** Native memory that the process looks at until it ends. */
  private static final List<Pointer> HELD = new ArrayList<>();

  private NativeEnvironment() {}

  /** Adds a variable that is not there yet; libraries that are loaded afterwards find it. */
  static synchronized void add(String name, String value) {
    BytePointer added = new BytePointer(name + "=" + value);
    // A symbol of the C library: the address of a list of texts, which a null ends.
    PointerPointer<Pointer> list = new PointerPointer<>(Loader.addressof(VARIABLES));
    if (list.isNull() || list.get(0) == null) {
      added.close();
      return;
    }
    PointerPointer<Pointer> old = new PointerPointer<>(list.get(0));
    long count = 0;
    while (old.get(count) != null) {
      count++;
    }
    PointerPointer<Pointer> longer = new PointerPointer<>(count + 2);
    for (long i = 0; i < count; i++) {
      longer.put(i, old.get(i));
    }
    longer.put(count, added).put(count + 1, (Pointer) null);
    HELD.add(added);
    HELD.add(longer);
    list.put(0, longer);
  }
}
