package io.github.deepxray.core.internal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir Path folder;

  @Test
  void writesAFileAndMakesItsFolders() throws IOException {
    Path file = folder.resolve("a/b/c.txt");
    AtomicFiles.write(file, "grün");
    assertThat(file).hasContent("grün");
    assertThat(names(file.getParent())).containsExactly("c.txt");
  }

  @Test
  void leavesTheOldFileWhenWritingFails() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFiles.write(file, "old");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    out -> {
                      out.write("half of the ne".getBytes(StandardCharsets.UTF_8));
                      throw new IOException("disk full");
                    }))
        .hasMessage("disk full");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    out -> {
                      throw new IllegalStateException("bug");
                    }))
        .hasMessage("bug");
    assertThat(file).hasContent("old");
    assertThat(names(folder)).containsExactly("a.txt");
  }

  @Test
  void aFullDiskIsSaidWithItsPlace() {
    Path file = folder.resolve("full");
    AtomicFiles.Content full =
        out -> {
          throw new IOException("No space left on device");
        };
    assertThatThrownBy(() -> AtomicFiles.write(file, full))
        .isInstanceOf(FileSystemException.class)
        .hasMessageStartingWith(file + ": No space left on device; make room there");
    assertThatThrownBy(
            () -> AtomicFiles.writeFolder(file, f -> AtomicFiles.write(f.resolve("a"), full)))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("No space left on device");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    out -> {
                      throw new IOException("something else");
                    }))
        .hasMessage("something else");
    assertThat(file).doesNotExist();
  }

  @Test
  void showsTheOldFileUntilTheNewOneIsWhole() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFiles.write(file, "old");
    AtomicFiles.write(
        file,
        out -> {
          out.write(1);
          out.flush();
          assertThat(file).hasContent("old");
        });
    assertThat(Files.readAllBytes(file)).containsExactly(1);
  }

  @Test
  void replacesWhatAKilledProcessLeft() throws IOException {
    Path file = folder.resolve("a.txt");
    Files.writeString(folder.resolve("a.txt" + AtomicFiles.SUFFIX), "left behind, and longer");
    AtomicFiles.write(file, "new");
    assertThat(file).hasContent("new");
    assertThat(names(folder)).containsExactly("a.txt");
  }

  @Test
  void leavesTheOldFolderWhenFillingFails() throws IOException {
    Path target = folder.resolve("out");
    AtomicFiles.writeFolder(target, f -> Files.writeString(f.resolve("a"), "old"));
    assertThatThrownBy(
            () ->
                AtomicFiles.writeFolder(
                    target,
                    f -> {
                      Files.writeString(f.resolve("a"), "new");
                      throw new IOException("disk full");
                    }))
        .hasMessage("disk full");
    assertThat(target.resolve("a")).hasContent("old");
    assertThat(names(folder)).containsExactly("out");
  }

  @Test
  void replacesTheWholeFolder() throws IOException {
    Path target = folder.resolve("out");
    AtomicFiles.writeFolder(target, f -> Files.writeString(f.resolve("a"), "old"));
    AtomicFiles.writeFolder(
        target,
        f -> {
          assertThat(target.resolve("a")).hasContent("old");
          Files.writeString(f.resolve("b"), "new");
        });
    assertThat(names(target)).containsExactly("b");
    assertThat(names(folder)).containsExactly("out");
  }

  @Test
  void replacesHalfAFolderThatAKilledProcessLeft() throws IOException {
    Path left = folder.resolve("out" + AtomicFiles.SUFFIX);
    Files.createDirectories(left.resolve("deep"));
    Files.writeString(left.resolve("deep/half"), "left behind");
    AtomicFiles.writeFolder(folder.resolve("out"), f -> Files.writeString(f.resolve("a"), "new"));
    assertThat(names(folder)).containsExactly("out");
    assertThat(names(folder.resolve("out"))).containsExactly("a");
  }

  @Test
  void keepsTheOldFolderOfAKillBetweenTheRenamesWhenFillingFails() throws IOException {
    Path target = folder.resolve("out");
    AtomicFiles.writeFolder(target, f -> Files.writeString(f.resolve("a"), "old"));
    Files.move(target, folder.resolve("out.old" + AtomicFiles.SUFFIX));
    assertThatThrownBy(
            () ->
                AtomicFiles.writeFolder(
                    target,
                    f -> {
                      throw new IOException("disk full");
                    }))
        .hasMessage("disk full");
    assertThat(target.resolve("a")).hasContent("old");
  }

  @Test
  void doesNotFollowLinksWhenDeleting() throws IOException {
    assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
    Path precious = Files.createDirectory(folder.resolve("precious"));
    Files.writeString(precious.resolve("file"), "kept");
    Path doomed = Files.createDirectory(folder.resolve("doomed"));
    Files.createSymbolicLink(doomed.resolve("link"), precious);
    AtomicFiles.deleteRecursively(doomed);
    assertThat(doomed).doesNotExist();
    assertThat(precious.resolve("file")).hasContent("kept");
    AtomicFiles.deleteRecursively(doomed);
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}
