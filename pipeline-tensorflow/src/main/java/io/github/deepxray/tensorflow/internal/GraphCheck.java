package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;

/**
 * Checks the operations of a SavedModel before TensorFlow loads it. A graph is a program: some
 * operations read and write files or call Python when the model runs.
 */
final class GraphCheck {
  /**
   * Operations that {@link GraphLowering} and {@link SavedModelWriter} write; none has access
   * outside tensors.
   */
  private static final Set<String> EXPORTED =
      Set.of(
          "Add",
          "BiasAdd",
          "Cast",
          "ClipByValue",
          "ConcatV2",
          "Const",
          "Conv2D",
          "DecodeJpeg",
          "DepthwiseConv2dNative",
          "Div",
          "ExpandDims",
          "Floor",
          "FloorDiv",
          "FusedBatchNormV3",
          "Identity",
          "MapDefun",
          "MatMul",
          "Maximum",
          "Mean",
          "Minimum",
          "Mul",
          "Pack",
          "PadV2",
          "Placeholder",
          "PlaceholderWithDefault",
          "Relu",
          "Reshape",
          "ReverseV2",
          "ScaleAndTranslate",
          "Shape",
          "Sigmoid",
          "Slice",
          "Softmax",
          "Sqrt",
          "Squeeze",
          "Sub");

  private GraphCheck() {}

  /**
   * Rejects a SavedModel with operations that this project does not export.
   *
   * @param file {@value SavedModelWriter#FILE}
   * @throws DeepXrayException if there are other operations, or the file is damaged
   */
  static void requireExported(Path file) {
    SavedModel model;
    try (InputStream in = Files.newInputStream(file)) {
      model = SavedModel.parseFrom(in);
    } catch (IOException e) {
      throw new DeepXrayException(
          file + " cannot be read as a SavedModel: " + e.getMessage() + "; export it again.", e);
    }
    Set<String> others = new TreeSet<>();
    model.getMetaGraphsList().stream()
        .flatMap(meta -> nodes(meta.getGraphDef()))
        .map(NodeDef::getOp)
        .filter(op -> !EXPORTED.contains(op))
        .forEach(others::add);
    if (!others.isEmpty()) {
      throw new DeepXrayException(
          ("%s has operations that this project does not export: %s; they can do anything a "
                  + "program can. If you trust its source, load it with --trust.")
              .formatted(file, String.join(", ", others)));
    }
  }

  private static Stream<NodeDef> nodes(GraphDef graph) {
    return Stream.concat(
        graph.getNodeList().stream(),
        graph.getLibrary().getFunctionList().stream().flatMap(f -> f.getNodeDefList().stream()));
  }
}
