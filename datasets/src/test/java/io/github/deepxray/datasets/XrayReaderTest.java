package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TfRecordWriter;
import io.github.deepxray.datasets.phantom.Phantom;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Example;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.Features;
import org.tensorflow.proto.FloatList;
import org.tensorflow.proto.Int64List;

class XrayReaderTest {
  private static byte[] jpeg;

  @TempDir Path folder;

  @BeforeAll
  static void draw() {
    jpeg = ImageCodec.encodeJpeg(Phantom.draw(Slice.NORMAL, 1, 1, 1, 32), 90);
  }

  private static String slice(XrayRecord record) {
    return DatasetProfile.CHEST_XRAY_PNEUMONIA.slice(record.filename(), record.label());
  }

  /** See tools/goldens/tfrecords.py. */
  @ParameterizedTest
  @ValueSource(strings = {"python.tfrecord", "python-gzip.tfrecord"})
  void readsTheRecordsOfTheOriginalProject(String name) throws IOException {
    Path file = Files.write(folder.resolve(name), resource(name));
    JsonNode expected = Json.parse(new String(resource("python.json"), StandardCharsets.UTF_8), "");
    List<XrayRecord> records = readAll(file);
    assertThat(records).hasSize(3);
    for (int i = 0; i < 3; i++) {
      XrayRecord record = records.get(i);
      assertThat(record.label().index()).isEqualTo(expected.get(i).get("label").asInt());
      assertThat(Hashes.sha256(record.image())).isEqualTo(expected.get(i).get("sha256").asText());
      assertThat(record.sha256()).isEqualTo(Hashes.sha256(record.image()));
      assertThat(record.filename()).isEqualTo(name + "#" + (i + 1));
      assertThat(record.height()).isEqualTo(8);
      assertThat(record.width()).isEqualTo(6);
      assertThat(slice(record)).isEqualTo(i == 0 ? "normal" : "unspecified");
      assertThat(record.decode().width()).isEqualTo(6);
    }
    assertThat(records.stream().map(XrayRecord::patient)).doesNotHaveDuplicates();
  }

  @Test
  void readsBackWhatItWrote() throws IOException {
    XrayRecord record =
        XrayRecord.of(
            jpeg, Label.POSITIVE, "train/PNEUMONIA/person7_virus_1.jpeg", "person7_virus");
    Path first = write("a", record.toExample());
    Path second = write("b", record.toExample(), record.toExample());
    try (XrayReader reader = XrayReader.open(List.of(first, second))) {
      for (int i = 0; i < 3; i++) {
        assertThat(reader.next()).contains(record);
      }
      assertThat(reader.next()).isEmpty();
    }
    assertThat(slice(record)).isEqualTo("viral");
    assertThat(record.height()).isEqualTo(32);
    record.image()[0] = 0;
    assertThat(record.image()).isEqualTo(jpeg);
  }

  @Test
  void namesFileAndRecordOfWhatIsNoXray() throws IOException {
    byte[] good = example(Optional.of(bytes(jpeg)), Optional.of(integer(0)));
    byte[][] bad = {
      "no protocol buffer".getBytes(StandardCharsets.UTF_8),
      example(Optional.empty(), Optional.of(integer(0))),
      example(Optional.of(bytes(jpeg)), Optional.empty()),
      example(Optional.of(bytes(jpeg)), Optional.of(integer(-1))),
      example(Optional.of(bytes(jpeg)), Optional.of(decimal(1))),
      example(Optional.of(integer(7)), Optional.of(integer(1))),
      example(Optional.of(bytes(new byte[] {1, 2, 3})), Optional.of(integer(1))),
    };
    String[] messages = {
      "tf.train.Example",
      "\"image\"",
      "\"label\"",
      "-1, not 0 or 1",
      "\"label\"",
      "\"image\"",
      "JPEG"
    };
    for (int i = 0; i < bad.length; i++) {
      Path file = write("x", good, bad[i]);
      assertThatThrownBy(() -> readAll(file))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(file + ", record 2 ")
          .hasMessageContaining(messages[i]);
    }
  }

  private static byte[] example(Optional<Feature> image, Optional<Feature> label) {
    Features.Builder features = Features.newBuilder();
    image.ifPresent(f -> features.putFeature("image", f));
    label.ifPresent(f -> features.putFeature("label", f));
    return Example.newBuilder().setFeatures(features).build().toByteArray();
  }

  private static Feature bytes(byte[] value) {
    return Feature.newBuilder()
        .setBytesList(BytesList.newBuilder().addValue(ByteString.copyFrom(value)))
        .build();
  }

  private static Feature integer(long value) {
    return Feature.newBuilder().setInt64List(Int64List.newBuilder().addValue(value)).build();
  }

  private static Feature decimal(float value) {
    return Feature.newBuilder().setFloatList(FloatList.newBuilder().addValue(value)).build();
  }

  private Path write(String name, byte[]... examples) throws IOException {
    Path file = folder.resolve(name);
    try (TfRecordWriter writer = new TfRecordWriter(Files.newOutputStream(file))) {
      for (byte[] example : examples) {
        writer.write(example);
      }
    }
    return file;
  }

  private static List<XrayRecord> readAll(Path file) throws IOException {
    List<XrayRecord> records = new ArrayList<>();
    try (XrayReader reader = XrayReader.open(List.of(file))) {
      for (Optional<XrayRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
        records.add(r.get());
      }
    }
    return records;
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = XrayReaderTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }
}
