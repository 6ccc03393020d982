package io.github.deepxray.cli;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Option {@code --artifact}, the form of a bundle to run. */
final class ArtifactOption {
  @Option(
      names = "--artifact",
      paramLabel = "<form>",
      description =
          "Model of a bundle to run, of ${bundle:artifact.names}. Default: float32, or "
              + "the first in the bundle.")
  private Optional<String> artifact;

  /**
   * Returns the named artifact, or the first artifact of the bundle that can be run.
   *
   * @throws io.github.deepxray.core.DeepXrayException if there is no artifact of that name
   */
  Artifact of(Path model) {
    if (artifact.isPresent()) {
      return Artifact.of(artifact.get());
    }
    List<Artifact> held =
        Artifact.in(new Bundle(model)).stream().filter(Artifact::supported).toList();
    return held.isEmpty() || held.contains(Artifact.FLOAT32) ? Artifact.FLOAT32 : held.get(0);
  }
}
