package io.github.deepxray.cli;

import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.pipeline.PipelineListener;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;

/** Options of stages that run the network. */
final class StageOptions {
  @Mixin OutOption place;
  @Mixin private EngineOptions engine;

  Path out() {
    return place.out;
  }

  int cores() {
    return engine.cores();
  }

  /** Returns a pipeline in the output folder, see {@link EngineOptions#pipeline}. */
  Pipeline pipeline(CommonOptions common, PipelineListener listener) {
    return engine.pipeline(common, out(), listener);
  }

  /** Runs and tracks one stage, see {@link EngineOptions#tracked}. */
  int tracked(CommonOptions common, TrackingOptions options, EngineOptions.StageAction action)
      throws IOException {
    return engine.tracked(common, out(), options, action);
  }
}
