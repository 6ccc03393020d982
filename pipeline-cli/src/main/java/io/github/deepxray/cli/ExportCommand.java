package io.github.deepxray.cli;

import io.github.deepxray.export.Bundle;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The fourth stage. */
@Command(
    name = "export",
    description = {
      "Writes the bundle: SavedModel, TFLite in float and with 8-bit weights, metrics, model card,"
          + " provenance and checksums.",
      "",
      "Reads <out>/data, <out>/train and <out>/evaluation; writes <out>/bundle.",
      ""
    },
    footer = {"", "Example: deepxray export --out work"},
    sortOptions = false)
final class ExportCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;
  @Mixin private StageOptions stage;
  @Mixin private ExportOptions options;

  @Override
  public Integer call() throws Exception {
    String name = options.name();
    Map<String, String> config = stage.keepConfig(common, "export");
    Bundle bundle =
        stage
            .pipeline(common, Configurations.withEarlierStages(stage.out, config))
            .export(name, ExportOptions.PURPOSE);
    common.print("bundle " + bundle.folder() + "\n");
    return 0;
  }
}
