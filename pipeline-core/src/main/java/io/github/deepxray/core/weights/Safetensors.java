package io.github.deepxray.core.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Reads and writes tensors in the safetensors format (Hugging Face): eight bytes of header length,
 * a JSON header, raw little-endian values. Tensors of 16-bit floats are stored as {@code F16}, all
 * others as 32-bit floats ({@code F32}). Equal weights give equal bytes.
 */
public final class Safetensors {
  private static final int MAX_HEADER = 16 << 20;

  private Safetensors() {}

  /**
   * Writes the tensors to a temporary file and renames it to the target.
   *
   * @throws IOException if the file cannot be written
   */
  public static void write(Path file, Weights weights) throws IOException {
    ObjectNode header = Json.object();
    long offset = 0;
    for (Map.Entry<String, Tensor> entry : weights.asMap().entrySet()) {
      Tensor tensor = entry.getValue();
      boolean half = tensor instanceof Float16Tensor;
      long end = offset + (half ? (long) Short.BYTES : Float.BYTES) * tensor.size();
      header
          .putObject(entry.getKey())
          .put("dtype", half ? "F16" : "F32")
          .<ObjectNode>set("shape", Json.tree(tensor.shape()))
          .putArray("data_offsets")
          .add(offset)
          .add(end);
      offset = end;
    }
    byte[] json = Json.compact(header).getBytes(StandardCharsets.UTF_8);
    // Readers that map the file need aligned values.
    byte[] head = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(head, json.length, head.length, (byte) ' ');
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(8 + head.length + offset))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(head.length).put(head);
    for (Tensor tensor : weights.asMap().values()) {
      if (tensor instanceof Float16Tensor half) {
        ShortBuffer bits = half.asBuffer();
        while (bits.hasRemaining()) {
          bytes.putShort(bits.get());
        }
      } else {
        for (float value : tensor.toFloats()) {
          bytes.putFloat(value);
        }
      }
    }
    AtomicFiles.write(file, bytes.array());
  }

  /**
   * Reads all tensors.
   *
   * @throws DeepXrayException if the file is not a safetensors file of 32-bit and 16-bit floats
   * @throws IOException if the file cannot be read
   */
  public static Weights read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < 8) {
      throw damaged(file, "it has no header");
    }
    long headerLength = bytes.getLong();
    if (headerLength < 2 || headerLength > Math.min(MAX_HEADER, bytes.remaining())) {
      throw damaged(file, "its header length is " + headerLength);
    }
    byte[] head = new byte[(int) headerLength];
    bytes.get(head);
    JsonNode header = Json.parse(new String(head, StandardCharsets.UTF_8), file.toString());
    if (!header.isObject()) {
      throw damaged(file, "its header is not a JSON object");
    }
    ByteBuffer data = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    Weights.Builder weights = Weights.builder();
    for (Map.Entry<String, JsonNode> field : header.properties()) {
      if (!field.getKey().equals("__metadata__")) {
        weights.put(field.getKey(), tensor(file, field.getKey(), field.getValue(), data));
      }
    }
    return weights.build();
  }

  private static Tensor tensor(Path file, String name, JsonNode spec, ByteBuffer data) {
    String type = spec.path("dtype").asText();
    boolean half = type.equals("F16");
    if (!half && !type.equals("F32")) {
      throw damaged(file, "tensor " + name + " is " + spec.path("dtype") + ", not F32 or F16");
    }
    List<Integer> shape = new ArrayList<>();
    long size = half ? Short.BYTES : Float.BYTES;
    for (JsonNode dimension : spec.path("shape")) {
      long length = wholeNumber(dimension);
      // Kept below 31 bits at every step, so that neither the long nor the int product overflows.
      size = length < 0 || length > Integer.MAX_VALUE ? -1 : size * length;
      if (size < 0 || size > Integer.MAX_VALUE) {
        throw damaged(file, "tensor " + name + " has shape " + spec.path("shape"));
      }
      shape.add((int) length);
    }
    JsonNode offsets = spec.path("data_offsets");
    long begin = wholeNumber(offsets.path(0));
    long end = wholeNumber(offsets.path(1));
    if (!spec.path("shape").isArray()
        || begin < 0
        || end > data.capacity()
        || end - begin != size) {
      throw damaged(
          file, "tensor " + name + " of shape " + spec.path("shape") + " lies at bytes " + offsets);
    }
    ByteBuffer stored = data.slice((int) begin, (int) size).order(ByteOrder.LITTLE_ENDIAN);
    if (half) {
      short[] bits = new short[(int) (size / Short.BYTES)];
      stored.asShortBuffer().get(bits);
      return Float16Tensor.ofBits(bits, shape);
    }
    float[] values = new float[(int) (size / Float.BYTES)];
    stored.asFloatBuffer().get(values);
    return FloatTensor.of(values, shape);
  }

  private static long wholeNumber(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong() ? node.asLong() : -1;
  }

  private static DeepXrayException damaged(Path file, String why) {
    return new DeepXrayException(
        file + " is not a readable safetensors file: " + why + "; train again to write it.");
  }
}
