package io.github.deepxray.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  @TempDir Path folder;

  @Test
  void readsWhatTheReferenceLibraryWrote() throws IOException {
    Path file = folder.resolve("small.safetensors");
    Files.write(file, reference());
    assertThat(Safetensors.read(file)).isEqualTo(small());
  }

  @Test
  void writesTheBytesOfTheReferenceLibrary() throws IOException {
    Path file = folder.resolve("small.safetensors");
    Safetensors.write(file, small());
    assertThat(file).hasBinaryContent(reference());
  }

  @Test
  void keepsEveryBitOfAValueAndNamesInAnyScript() throws IOException {
    float[] odd = {-0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN, Float.NEGATIVE_INFINITY};
    Weights weights =
        Weights.builder()
            .put("Röntgen/胸部", FloatTensor.of(odd, 5))
            .put("empty", FloatTensor.of(new float[0], 0, 3))
            .put("scalar", FloatTensor.of(new float[] {7}))
            .build();
    Path file = folder.resolve("odd.safetensors");
    Safetensors.write(file, weights);
    assertThat(Safetensors.read(file)).isEqualTo(weights);
    long headerLength =
        ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertThat(headerLength % 8).isZero();
  }

  /** 1 and -2 in half precision are 3c00 and c000. */
  @Test
  void keepsHalfPrecision() throws IOException {
    Weights weights =
        Weights.builder()
            .put("a", Float16Tensor.of(FloatTensor.of(new float[] {1, -2, 0.1f}, 3)))
            .put("b", FloatTensor.of(new float[] {0.1f}, 1))
            .build();
    Path file = folder.resolve("half.safetensors");
    Safetensors.write(file, weights);
    assertThat(Safetensors.read(file)).isEqualTo(weights);
    byte[] bytes = Files.readAllBytes(file);
    assertThat(new String(bytes, StandardCharsets.ISO_8859_1))
        .contains("{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[0,6]}");
    assertThat(Arrays.copyOfRange(bytes, bytes.length - 10, bytes.length - 6))
        .containsExactly(0x00, 0x3c, 0x00, 0xc0);
  }

  @Test
  void metadataIsNoTensor() throws IOException {
    Path file =
        write(
            "{\"__metadata__\":{\"format\":\"np\"},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}");
    assertThat(Safetensors.read(file).names()).containsExactly("a");
  }

  @Test
  void aTruncatedFileIsRefusedWhereverItEnds() throws IOException {
    byte[] whole = reference();
    Path file = folder.resolve("truncated.safetensors");
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertRefused(file);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 1, 1L << 24, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE})
  void aHeaderLengthThatCannotBeIsRefused(long length) throws IOException {
    byte[] bytes = reference();
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    assertRefused(Files.write(folder.resolve("length.safetensors"), bytes));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not json",
        "[]",
        "\"text\"",
        "{\"a\":7}",
        "{\"a\":{}}",
        "{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[1,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1,5],\"data_offsets\":[8,3]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1,-2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967298],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],"
            + "\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,2147483647,2147483647,2147483647],"
            + "\"data_offsets\":[8,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
            + "\"data_offsets\":[9223372036854775800,9223372036854775808]}}"
      })
  void aHostileHeaderIsRefused(String header) throws IOException {
    assertRefused(write(header));
  }

  private static void assertRefused(Path file) {
    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file.toString());
  }

  /** A file of this header and two floats. */
  private Path write(String header) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json);
    return Files.write(folder.resolve("hostile.safetensors"), bytes.array());
  }

  /** Value i of the tensor with index t is t + i / 8. */
  private static Weights small() {
    String[] names = {
      "dwconv/bias",
      "dwconv/depthwise_kernel",
      "predictions/bias",
      "predictions/kernel",
      "stem_bn/beta",
      "stem_bn/gamma",
      "stem_bn/moving_mean",
      "stem_bn/moving_variance",
      "stem_conv/kernel"
    };
    int[][] shapes = {{4}, {3, 3, 4, 1}, {2}, {4, 2}, {4}, {4}, {4}, {4}, {3, 3, 3, 4}};
    Weights.Builder weights = Weights.builder();
    for (int t = 0; t < names.length; t++) {
      float[] values = new float[IntStream.of(shapes[t]).reduce(1, (a, b) -> a * b)];
      for (int i = 0; i < values.length; i++) {
        values[i] = t + i / 8f;
      }
      weights.put(names[t], FloatTensor.of(values, shapes[t]));
    }
    return weights.build();
  }

  private static byte[] reference() throws IOException {
    try (InputStream in =
        SafetensorsTest.class.getResourceAsStream(
            "/io/github/deepxray/core/weights/small.safetensors")) {
      return in.readAllBytes();
    }
  }
}
