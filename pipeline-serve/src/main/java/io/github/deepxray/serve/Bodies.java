package io.github.deepxray.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/** What goes in and out of requests. */
final class Bodies {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // NaN, Infinity and -Infinity without quotes, as TensorFlow Serving writes them.
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .build();

  private Bodies() {}

  /** Writes JSON. */
  @FunctionalInterface
  interface Writing {
    void to(JsonGenerator json) throws IOException;
  }

  /** JSON as UTF-8. */
  static byte[] json(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      writing.to(json);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    }
    return bytes.toByteArray();
  }

  /** The body of an error. */
  static byte[] error(String message) {
    return json(
        json -> {
          json.writeStartObject();
          json.writeStringField("error", message);
          json.writeEndObject();
        });
  }

  static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Unpacks gzip.
   *
   * @param limit the most bytes to make
   * @throws ApiException if it is more, or damaged
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
