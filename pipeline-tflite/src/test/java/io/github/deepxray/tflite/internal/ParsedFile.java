package io.github.deepxray.tflite.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.Operator;
import org.tensorflow.lite.schema.QuantizationParameters;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorType;

/** What a file holds, read with the schema's own classes. */
final class ParsedFile {
  /** An operator and the names of its tensors. */
  record Op(String name, int version, List<String> inputs, List<String> outputs) {}

  private final Model model;
  private final SubGraph graph;

  ParsedFile(byte[] file) {
    model = Model.getRootAsModel(ByteBuffer.wrap(file));
    graph = model.subgraphs(0);
  }

  List<Op> operators() {
    List<Op> operators = new ArrayList<>();
    for (int o = 0; o < graph.operatorsLength(); o++) {
      Operator operator = graph.operators(o);
      int index = (int) operator.opcodeIndex();
      List<String> inputs = new ArrayList<>();
      for (int i = 0; i < operator.inputsLength(); i++) {
        inputs.add(graph.tensors(operator.inputs(i)).name());
      }
      List<String> outputs = new ArrayList<>();
      for (int i = 0; i < operator.outputsLength(); i++) {
        outputs.add(graph.tensors(operator.outputs(i)).name());
      }
      operators.add(
          new Op(
              BuiltinOperator.name(model.operatorCodes(index).builtinCode()),
              model.operatorCodes(index).version(),
              inputs,
              outputs));
    }
    return operators;
  }

  /** The operator that writes a tensor. */
  Op writer(String tensor) {
    return operators().stream()
        .filter(operator -> operator.outputs().contains(tensor))
        .findFirst()
        .orElseThrow(() -> new AssertionError("nothing writes " + tensor));
  }

  /** The operators of that name. */
  List<Op> operators(String name) {
    return operators().stream().filter(operator -> operator.name().equals(name)).toList();
  }

  Tensor tensor(String name) {
    for (int t = 0; t < graph.tensorsLength(); t++) {
      if (graph.tensors(t).name().equals(name)) {
        return graph.tensors(t);
      }
    }
    throw new AssertionError("there is no tensor " + name);
  }

  String type(String tensor) {
    return TensorType.name(tensor(tensor).type());
  }

  float scale(String tensor) {
    QuantizationParameters quantization = tensor(tensor).quantization();
    if (quantization.scaleLength() != 1 || quantization.zeroPointLength() != 1) {
      throw new AssertionError(tensor + " has " + quantization.scaleLength() + " scales");
    }
    return quantization.scale(0);
  }

  long zeroPoint(String tensor) {
    return tensor(tensor).quantization().zeroPoint(0);
  }

  ByteBuffer data(String tensor) {
    return model
        .buffers((int) tensor(tensor).buffer())
        .dataAsByteBuffer()
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
