package io.github.deepxray.tensorflow.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.TfRecordWriter;
import io.github.deepxray.core.network.Network;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Warm-up requests that TensorFlow Serving replays when it loads a SavedModel, so that the first
 * request is fast.
 *
 * <p>The requests are TFRecords in {@value #FILE} of the SavedModel's folder.
 */
public final class ServingWarmup {
  /** Path of the requests in the SavedModel's folder. */
  public static final String FILE = "assets.extra/tf_serving_warmup_requests";

  // Field numbers of prediction_log.proto, predict.proto and model.proto of TensorFlow Serving,
  // whose classes are in no published Java library.
  private static final int PREDICTION_LOG_PREDICT_LOG = 6;
  private static final int PREDICT_LOG_REQUEST = 1;
  private static final int PREDICT_REQUEST_MODEL_SPEC = 1;
  private static final int PREDICT_REQUEST_INPUTS = 2;
  private static final int MODEL_SPEC_NAME = 1;
  private static final int MODEL_SPEC_SIGNATURE_NAME = 3;
  private static final int MAP_KEY = 1;
  private static final int MAP_VALUE = 2;

  private static final byte GREY = (byte) 128;
  private static final int JPEG_QUALITY = 95;

  private ServingWarmup() {}

  /**
   * Writes {@link #requests} into a SavedModel's folder.
   *
   * @throws IOException if the file cannot be written
   */
  static void write(Path folder, String modelName, Network network) throws IOException {
    AtomicFiles.write(
        folder.resolve(FILE),
        out -> {
          TfRecordWriter writer = new TfRecordWriter(out);
          for (byte[] request : requests(modelName, network)) {
            writer.write(request);
          }
        });
  }

  /**
   * Creates a request with a grey image for each signature that {@link SavedModelWriter} writes.
   *
   * @param modelName the name under which the model is served
   * @param network the network in the SavedModel
   * @return serialized {@code tensorflow.serving.PredictionLog} messages
   */
  public static List<byte[]> requests(String modelName, Network network) {
    int height = network.inputShape().get(0);
    int width = network.inputShape().get(1);
    TensorProto images =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_FLOAT)
            .setTensorShape(shape(1, height, width, 3))
            // A single value fills the tensor.
            .addFloatVal(GREY & 0xff)
            .build();
    byte[] pixels = new byte[height * width * 3];
    Arrays.fill(pixels, GREY);
    byte[] jpeg = ImageCodec.encodeJpeg(RgbImage.of(height, width, pixels), JPEG_QUALITY);
    TensorProto bytes =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_STRING)
            .setTensorShape(shape(1))
            .addStringVal(ByteString.copyFrom(jpeg))
            .build();
    List<byte[]> requests = new ArrayList<>();
    requests.add(
        predictionLog(modelName, SavedModelWriter.SERVING_DEFAULT, network.input(), images));
    requests.add(
        predictionLog(
            modelName, SavedModelWriter.SERVING_BYTES, SavedModelWriter.IMAGE_BYTES, bytes));
    if (SavedModelWriter.guarded(network)) {
      requests.add(
          predictionLog(modelName, SavedModelWriter.UNFAMILIARITY, network.input(), images));
    }
    return List.copyOf(requests);
  }

  private static byte[] predictionLog(
      String model, String signature, String input, TensorProto value) {
    byte[] spec =
        message(
            out -> {
              out.writeString(MODEL_SPEC_NAME, model);
              out.writeString(MODEL_SPEC_SIGNATURE_NAME, signature);
            });
    byte[] entry =
        message(
            out -> {
              out.writeByteArray(MAP_KEY, input.getBytes(StandardCharsets.UTF_8));
              out.writeMessage(MAP_VALUE, value);
            });
    byte[] request =
        message(
            out -> {
              out.writeByteArray(PREDICT_REQUEST_MODEL_SPEC, spec);
              out.writeByteArray(PREDICT_REQUEST_INPUTS, entry);
            });
    byte[] log = message(out -> out.writeByteArray(PREDICT_LOG_REQUEST, request));
    return message(out -> out.writeByteArray(PREDICTION_LOG_PREDICT_LOG, log));
  }

  @FunctionalInterface
  private interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      fields.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    }
    return bytes.toByteArray();
  }

  private static TensorShapeProto shape(long... dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long dimension : dimensions) {
      shape.addDimBuilder().setSize(dimension);
    }
    return shape.build();
  }
}
