package io.github.deepxray.core.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
  private final AtomicInteger loads = new AtomicInteger();

  @Test
  void isLoadedOnce() {
    NativeLibrary library = new NativeLibrary("Some", loads::incrementAndGet, () -> null);
    assertThat(loads).hasValue(0);
    library.require();
    assertThat(library.<Integer>call("x", () -> 3)).isEqualTo(3);
    assertThat(loads).hasValue(1);
  }

  @Test
  void saysEachTimeWhyItCannotBeLoaded(@TempDir Path folder) {
    NativeLibrary library =
        new NativeLibrary(
            "Some",
            () -> {
              loads.incrementAndGet();
              throw new ExceptionInInitializerError(
                  new UnsatisfiedLinkError("failed to map\n segment"));
            },
            folder::toFile);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(library::require)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(folder.toString())
          .hasMessageContaining("failed to map segment")
          .hasMessageContaining("-Dorg.bytedeco.javacpp.cachedir=")
          .message()
          .hasLineCount(1);
    }
    assertThat(loads).hasValue(1);
  }

  @Test
  void saysThatNoFolderCanBeWritten() {
    NativeLibrary library =
        new NativeLibrary(
            "Some",
            () -> {
              throw new UnsatisfiedLinkError("no cache");
            },
            () -> {
              throw new IOException("no cache");
            });
    assertThatThrownBy(library::require)
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("can be written")
        .hasMessageContaining("-Dorg.bytedeco.javacpp.cachedir=");
  }

  @Test
  void saysThatThePlatformIsMissing() {
    NativeLibrary library =
        new NativeLibrary(
            "Some",
            () -> {
              throw new UnsatisfiedLinkError("no jnisome in java.library.path: /lib");
            },
            () -> null);
    assertThatThrownBy(library::require)
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(System.getProperty("os.arch"))
        .hasMessageContaining("classifier");
  }

  @Test
  void saysThatWorkNeedsTooMuchMemory() {
    NativeLibrary library = new NativeLibrary("Some", () -> {}, () -> null);
    assertThatThrownBy(
            () ->
                library.call(
                    "model.tflite",
                    () -> {
                      throw new OutOfMemoryError("physicalBytes (2G) > maxPhysicalBytes (1G)");
                    }))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("model.tflite")
        .hasMessageContaining("(2G)")
        .hasMessageContaining("maxPhysicalBytes");
  }
}
