package io.github.deepxray.track.internal.mlflow;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ExtensionRegistryLite;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TextFiles;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.mlflow.tracking.MlflowClientVersion;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * File {@code MLmodel} that describes a bundle as an MLflow model: its SavedModel in MLflow's
 * flavour {@code tensorflow}, and as {@code python_function}, with which {@code
 * mlflow.pyfunc.load_model} and {@code mlflow models serve} run it. {@code tf1-estimator} is
 * MLflow's name for any SavedModel that is called through one of its signatures.
 */
final class ModelFile {
  /** The name of the file. */
  static final String NAME = "MLmodel";

  private static final String SIGNATURE = "serving_default";
  private static final String TAG = "serve";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private ModelFile() {}

  /**
   * Returns the description of a bundle.
   *
   * @param bundle folder of the bundle
   * @param artifactPath path of the upload
   * @param runId identifier of the run
   * @param time time of the upload
   * @throws IOException if the SavedModel cannot be read
   */
  static ObjectNode of(Path bundle, String artifactPath, String runId, Instant time)
      throws IOException {
    SignatureDef signature = signature(bundle.resolve(Bundle.SAVED_MODEL));
    ObjectNode model = Json.object();
    model.put("artifact_path", artifactPath);
    ObjectNode flavors = model.putObject("flavors");
    ObjectNode python = flavors.putObject("python_function");
    python.put("loader_module", "mlflow.tensorflow");
    python.putObject("env");
    ObjectNode tensorflow = flavors.putObject("tensorflow");
    tensorflow.put("model_type", "tf1-estimator");
    tensorflow.put("saved_model_dir", Bundle.SAVED_MODEL);
    tensorflow.putArray("meta_graph_tags").add(TAG);
    tensorflow.put("signature_def_key", SIGNATURE);
    model.put("mlflow_version", MlflowClientVersion.getClientVersion());
    model.put("run_id", runId);
    ObjectNode named = model.putObject("signature");
    named.put("inputs", tensors(signature.getInputsMap()));
    named.put("outputs", tensors(signature.getOutputsMap()));
    model.put("utc_time_created", TIME.format(time));
    byte[] identity =
        (runId + TextFiles.read(bundle.resolve(Bundle.CHECKSUMS), 1))
            .getBytes(StandardCharsets.UTF_8);
    model.put("model_uuid", UUID.nameUUIDFromBytes(identity).toString().replace("-", ""));
    return model;
  }

  private static SignatureDef signature(Path folder) throws IOException {
    Path file = folder.resolve("saved_model.pb");
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return SavedModel.parseFrom(in, ExtensionRegistryLite.getEmptyRegistry())
          .getMetaGraphsList()
          .stream()
          .filter(graph -> graph.getMetaInfoDef().getTagsList().contains(TAG))
          .flatMap(graph -> graph.getSignatureDefMap().entrySet().stream())
          .filter(entry -> entry.getKey().equals(SIGNATURE))
          .map(Map.Entry::getValue)
          .findFirst()
          .orElseThrow(() -> new DeepXrayException(file + " has no signature " + SIGNATURE + "."));
    }
  }

  /** Returns tensors in MLflow's format: JSON within the YAML. */
  private static String tensors(Map<String, TensorInfo> tensors) {
    ArrayNode list = Json.array();
    new TreeMap<>(tensors)
        .forEach(
            (name, info) -> {
              ObjectNode tensor = list.addObject();
              tensor.put("name", name);
              tensor.put("type", "tensor");
              ObjectNode spec = tensor.putObject("tensor-spec");
              spec.put("dtype", dtype(info.getDtype()));
              ArrayNode shape = spec.putArray("shape");
              for (TensorShapeProto.Dim dim : info.getTensorShape().getDimList()) {
                shape.add(dim.getSize());
              }
            });
    return Json.compact(list);
  }

  private static String dtype(DataType type) {
    return switch (type) {
      case DT_FLOAT -> "float32";
      case DT_STRING -> "bytes";
      default -> type.name().replaceFirst("^DT_", "").toLowerCase(Locale.ROOT);
    };
  }
}
