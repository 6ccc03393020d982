package io.github.deepxray.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.deepxray.core.internal.io.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/** Encoding and decoding of HTTP bodies. */
final class Bodies {
  private static final ObjectWriter WRITER =
      new JsonMapper(
              JsonFactory.builder()
                  // NaN, Infinity and -Infinity without quotes, as TensorFlow Serving writes them.
                  .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
                  .build())
          .writer();

  private Bodies() {}

  /** Returns JSON as UTF-8. */
  static byte[] json(JsonNode json) {
    try {
      return WRITER.writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    }
  }

  /** Returns the body of an error. */
  static byte[] error(String message) {
    return json(Json.object().put("error", message));
  }

  static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Decompresses gzip.
   *
   * @param limit maximum number of decompressed bytes
   * @throws ApiException if the limit is exceeded, or the data is damaged
   */
  static byte[] gunzip(byte[] packed, int limit) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed), 1 << 13)) {
      byte[] bytes = in.readNBytes(limit);
      if (in.read() >= 0) {
        throw ApiException.tooLarge(limit);
      }
      return bytes;
    } catch (IOException e) {
      throw ApiException.badRequest("The body is not valid gzip");
    }
  }
}
