package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.Float16Tensor;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.MinMaxQuantization;
import io.github.deepxray.testkit.MinMaxQuantization.Range;
import io.github.deepxray.tflite.internal.TfLiteWriter.Options;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.ModelT;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.SubGraphT;
import org.tensorflow.lite.schema.TensorT;

/** Small valid files of every kind, to be damaged. */
final class SeedFiles {
  private static final int SIZE = 16;

  private SeedFiles() {}

  /** One of each form that {@link TfLiteWriter} writes, and those of {@link ForeignFiles}. */
  static List<byte[]> all() {
    Model plain = Fixtures.withRandomWeights(Fixtures.smallNetwork(SIZE), 1);
    Model model = Passes.forInference().apply(plain);
    float[] images = Fixtures.randomImages(model.network(), 2, 2);
    Map<String, Range> ranges =
        MinMaxQuantization.ranges(new TfLiteEngineFactory(), model, images, 2);
    Model int8 = MinMaxQuantization.quantize(model, Arithmetic.INT8, ranges, Set.of("hidden"));
    Model int16 = MinMaxQuantization.quantize(model, Arithmetic.INT16, ranges, Set.of());
    Model dynamic = new DynamicRangeQuantization().apply(model);
    List<byte[]> files = new ArrayList<>();
    files.add(TfLiteWriter.toBytes(plain));
    files.add(TfLiteWriter.toBytes(model));
    files.add(TfLiteWriter.toBytes(model.withOutputs(List.of("top_activation", "probability"))));
    files.add(TfLiteWriter.toBytes(halves(model)));
    files.add(TfLiteWriter.toBytes(dynamic));
    files.add(TfLiteWriter.toBytes(dynamic.with(Quantization.NONE)));
    files.add(TfLiteWriter.toBytes(int8));
    files.add(
        TfLiteWriter.toBytes(
            int8, Options.DEFAULT.withInput(ElementType.UINT8).withOutput(ElementType.UINT8)));
    files.add(TfLiteWriter.toBytes(int16));
    files.add(TfLiteWriter.toBytes(zeroed(model), Options.DEFAULT.withSparse(true)));
    files.addAll(ForeignFiles.all());
    ForeignFiles.all().forEach(file -> files.add(open(file)));
    return files;
  }

  /** Leaves the sizes open that come out of a RESHAPE, as converters do for any batch. */
  private static byte[] open(byte[] file) {
    ModelT model = org.tensorflow.lite.schema.Model.getRootAsModel(ByteBuffer.wrap(file)).unpack();
    SubGraphT graph = model.getSubgraphs()[0];
    for (OperatorT operator : graph.getOperators()) {
      operator.setCustomOptions(null);
      if (model.getOperatorCodes()[(int) operator.getOpcodeIndex()].getBuiltinCode()
          == BuiltinOperator.RESHAPE) {
        TensorT shaped = graph.getTensors()[operator.getOutputs()[0]];
        shaped.setShapeSignature(new int[] {-1, -1});
        shaped.setShape(new int[] {1, 1});
      }
    }
    FlatBufferBuilder builder = new FlatBufferBuilder(2 * file.length);
    org.tensorflow.lite.schema.Model.finishModelBuffer(
        builder, org.tensorflow.lite.schema.Model.pack(builder, model));
    return builder.sizedByteArray();
  }

  private static Model halves(Model model) {
    Weights.Builder halves = Weights.builder();
    model
        .weights()
        .asMap()
        .forEach((name, tensor) -> halves.put(name, Float16Tensor.of((FloatTensor) tensor)));
    return new Model(model.network(), halves.build());
  }

  /** With all but each sixteenth value of larger weights zero. */
  private static Model zeroed(Model model) {
    Weights.Builder zeroed = Weights.builder();
    model
        .weights()
        .asMap()
        .forEach(
            (name, tensor) -> {
              float[] values = tensor.toFloats();
              for (int i = 0; values.length > 100 && i < values.length; i++) {
                values[i] = i % 16 == 3 ? values[i] : 0;
              }
              zeroed.put(name, FloatTensor.of(values, tensor.shape()));
            });
    return new Model(model.network(), zeroed.build());
  }
}
