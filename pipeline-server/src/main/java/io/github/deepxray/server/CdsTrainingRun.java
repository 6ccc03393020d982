package io.github.deepxray.server;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Training run for a class data sharing (CDS) archive: starts a server with a minimal model and
 * sends it typical requests, so that Java can store the loaded classes, see {@code --make-archive}
 * of {@code bin/deepxray-serve}.
 */
public final class CdsTrainingRun {
  private static final int SIZE = 32;

  private CdsTrainingRun() {}

  /**
   * Performs the training run.
   *
   * @throws IOException if an answer of the server is wrong
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("deepxray-rehearsal");
    try {
      Path bundle = folder.resolve("bundle");
      write(bundle);
      Main.commandLine().parseArgs(bundle.toString());
      ServerOptions options = ServerOptions.DEFAULT.withPort(0).withWorkers(1);
      try (ModelServer server = ModelServer.start(bundle, options, line -> {})) {
        byte[] image = ImageCodec.encodeJpeg(Phantom.draw(Slice.NORMAL, 1, 1, 1, SIZE), 90);
        String request =
            "{\"signature_name\": \"serving_bytes\", \"instances\": [{\"b64\": \"%s\"}]}"
                .formatted(Base64.getEncoder().encodeToString(image));
        call(server, "/", new byte[0]);
        call(server, "/api/model", new byte[0]);
        call(server, "/monitoring/prometheus/metrics", new byte[0]);
        call(server, "/v1/models/deepxray", new byte[0]);
        call(server, "/v1/models/deepxray:predict", request.getBytes(StandardCharsets.US_ASCII));
        call(server, "/api/classify", image);
      }
    } finally {
      AtomicFiles.deleteRecursively(folder);
    }
  }

  private static void call(ModelServer server, String path, byte[] body) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) server.uri().resolve(path).toURL().openConnection();
    if (body.length > 0) {
      connection.setDoOutput(true);
      try (OutputStream out = connection.getOutputStream()) {
        out.write(body);
      }
    }
    try (InputStream in = connection.getInputStream()) {
      in.readAllBytes();
    }
  }

  /** Writes a bundle with a model of the image mean. */
  static void write(Path folder) throws IOException {
    Network network =
        new Network(
            "mean",
            "images",
            List.of(SIZE, SIZE, 3),
            List.of(
                new GlobalAveragePooling2D("mean", "images", false),
                new Dense("logit", "mean", 1, true),
                new Activation("probability", "logit", Function.SIGMOID)),
            List.of("probability"));
    Weights weights =
        Weights.builder()
            .put("logit/kernel", FloatTensor.of(new float[3], List.of(3, 1)))
            .put("logit/bias", FloatTensor.of(new float[1], List.of(1)))
            .build();
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Path model = partial.resolve(Artifact.FLOAT32.path());
          TfLiteWriter.write(new Model(network, weights), model);
          AtomicFiles.write(partial.resolve(Bundle.LABELS), "NORMAL\nPNEUMONIA\n");
          ArtifactReport.write(
              partial.resolve(ArtifactReport.FILE),
              Fit.STRETCH,
              List.of(
                  new ArtifactReport(
                      Artifact.FLOAT32.key(),
                      Artifact.FLOAT32.path(),
                      "mean",
                      OptionalDouble.of(0.5),
                      FileSizes.of(model),
                      Optional.empty(),
                      Artifact.FLOAT32.limits(),
                      new Verdict(Map.of(), List.of()))));
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
  }
}
