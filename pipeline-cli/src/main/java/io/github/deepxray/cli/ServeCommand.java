package io.github.deepxray.cli;

import io.github.deepxray.serve.ServerOptions;
import io.github.deepxray.server.ServeArguments;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The command {@code serve}. */
@Command(
    name = "serve",
    description = {
      "Serves a bundle over HTTP: a page for people, TensorFlow Serving's REST interface for"
          + " programs.",
      "",
      "Serves /v1/models/<name>:predict and the other paths of TensorFlow Serving, a "
          + "page at /, metrics at /monitoring/prometheus/metrics, /healthz and /readyz. "
          + "On SIGTERM or Ctrl-C, requests in flight are answered before the end. Images "
          + "are never written or logged.",
      ""
    },
    footer = {"", "Example: deepxray serve work/bundle"},
    sortOptions = false)
final class ServeCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Mixin private ServeArguments arguments;

  @Override
  public Integer call() throws Exception {
    ServerOptions options = Usage.check(common, arguments::options);
    arguments.serve(
        options, common.command().commandLine().getOut(), common.command().commandLine().getErr());
    return 0;
  }
}
