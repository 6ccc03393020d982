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
 * Checks which operations a SavedModel has before TensorFlow sees it. A graph is a program: there
 * are operations that read and write files or call into Python, and running a model runs them.
 */
final class GraphCheck {
  /** What {@link GraphLowering} and {@link SavedModelWriter} write; none reaches beyond tensors. */
  private static final Set<String> EXPORTED =
      Set.of(
          "Add",
          "BiasAdd",
          "Cast",
          "ClipByValue",
          "Const",
          "Conv2D",
          "DecodeJpeg",
          "DepthwiseConv2dNative",
          "Div",
          "ExpandDims",
          "Floor",
          "FusedBatchNormV3",
          "Identity",
          "MapDefun",
          "MatMul",
          "Maximum",
          "Mean",
          "Mul",
          "Placeholder",
          "PlaceholderWithDefault",
          "Relu",
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
   * Refuses a SavedModel with other operations than this project exports.
   *
   * @param file {@value SavedModelWriter#FILE}
   * @throws DeepXrayException if it has some, or is damaged
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
          ("%s has operations that this project does not export: %s; they can do whatever a "
                  + "program can. If you trust where it is from, load it with --trust.")
              .formatted(file, String.join(", ", others)));
    }
  }

  private static Stream<NodeDef> nodes(GraphDef graph) {
    return Stream.concat(
        graph.getNodeList().stream(),
        graph.getLibrary().getFunctionList().stream().flatMap(f -> f.getNodeDefList().stream()));
  }
}
