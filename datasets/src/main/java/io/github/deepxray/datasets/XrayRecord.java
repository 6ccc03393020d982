package io.github.deepxray.datasets;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Hashes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Example;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.Features;
import org.tensorflow.proto.Int64List;

/**
 * Immutable X-ray of a shard. In a file it is a {@code tf.train.Example} with the features
 *
 * <ul>
 *   <li>{@code image}: the bytes of a JPEG file,
 *   <li>{@code label}: int64, the label, 0, 1, ...,
 *   <li>{@code filename}: the path in the archive, such as {@code train/NORMAL/IM-0115-0001.jpeg},
 *   <li>{@code patient}: equal for all images of one patient,
 *   <li>{@code height}, {@code width}: int64, pixels of the stored JPEG,
 *   <li>{@code sha256}: of the stored JPEG's bytes, in hexadecimal digits.
 * </ul>
 *
 * <p>Only the first two are required for reading: the default of the file name is the position of
 * the record, of the patient a unique id; size and hash are computed.
 */
public final class XrayRecord {
  private static final Set<String> FEATURES =
      Set.of("image", "label", "filename", "patient", "height", "width", "sha256");

  private final ByteString image;
  private final Label label;
  private final String filename;
  private final String patient;
  private final int height;
  private final int width;
  private final String sha256;

  private XrayRecord(
      ByteString image,
      Label label,
      String filename,
      String patient,
      int height,
      int width,
      String sha256) {
    this.image = image;
    this.label = label;
    this.filename = filename;
    this.patient = patient;
    this.height = height;
    this.width = width;
    this.sha256 = sha256;
  }

  /**
   * Creates a record with a copy of the bytes.
   *
   * @param image a JPEG file
   * @throws DeepXrayException if the bytes are no JPEG or PNG
   */
  public static XrayRecord of(byte[] image, Label label, String filename, String patient) {
    ImageCodec.Header header = ImageCodec.header(image, filename);
    return new XrayRecord(
        ByteString.copyFrom(image),
        label,
        filename,
        patient,
        header.height(),
        header.width(),
        Hashes.sha256(image));
  }

  /**
   * Parses a {@code tf.train.Example}.
   *
   * @param place the position, such as {@code train.tfrecord#12}, and the default file name
   * @throws DeepXrayException if the bytes are no example, {@code image} or {@code label} is
   *     missing or of another type; the message does not contain the position
   */
  static XrayRecord parse(byte[] example, String place) {
    try {
      return parse(ExampleFeatures.read(example, FEATURES), place);
    } catch (IOException e) {
      throw new DeepXrayException("it is not a tf.train.Example (" + e.getMessage() + ")", e);
    }
  }

  private static XrayRecord parse(ExampleFeatures features, String place) throws IOException {
    ByteString image =
        features
            .bytes("image")
            .orElseThrow(() -> new DeepXrayException("it has no feature \"image\" of one string"));
    long index =
        features
            .integer("label")
            .orElseThrow(() -> new DeepXrayException("it has no feature \"label\" of one int64"));
    Label label =
        Label.of(index)
            .orElseThrow(
                () ->
                    new DeepXrayException(
                        "its label is %s, not 0 or 1 or, of more classes, up to %s"
                            .formatted(index, ClassNames.MOST - 1)));
    String filename = features.text("filename").orElse(place);
    String patient = features.text("patient").orElse("unknown:" + filename);
    Optional<Long> height = features.integer("height");
    Optional<Long> width = features.integer("width");
    if (height.isEmpty() || width.isEmpty()) {
      ImageCodec.Header header = ImageCodec.header(image.toByteArray(), "its image");
      height = Optional.of((long) header.height());
      width = Optional.of((long) header.width());
    }
    return new XrayRecord(
        image,
        label,
        filename,
        patient,
        Math.toIntExact(height.get()),
        Math.toIntExact(width.get()),
        hash(features, image));
  }

  /** Serializes the record as a {@code tf.train.Example}; equal records give equal bytes. */
  public byte[] toExample() {
    Example example =
        Example.newBuilder()
            .setFeatures(
                Features.newBuilder()
                    .putFeature("image", feature(image))
                    .putFeature("label", feature(label.index()))
                    .putFeature("filename", feature(ByteString.copyFromUtf8(filename)))
                    .putFeature("patient", feature(ByteString.copyFromUtf8(patient)))
                    .putFeature("height", feature(height))
                    .putFeature("width", feature(width))
                    .putFeature("sha256", feature(ByteString.copyFromUtf8(sha256))))
            .build();
    byte[] bytes = new byte[example.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    // Features are a map, whose order is otherwise undefined.
    out.useDeterministicSerialization();
    try {
      example.writeTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    }
    out.checkNoSpaceLeft();
    return bytes;
  }

  /** Returns a copy of the JPEG file's bytes. */
  public byte[] image() {
    return image.toByteArray();
  }

  /**
   * Decodes the image, {@code [height, width, 3]}.
   *
   * @throws DeepXrayException if the image cannot be decoded
   */
  public RgbImage decode() {
    return ImageCodec.decode(image.toByteArray(), filename);
  }

  /** Label of the image. */
  public Label label() {
    return label;
  }

  /** Path in the archive; the default is file and number of the record. */
  public String filename() {
    return filename;
  }

  /** Patient; unique to this image if unknown. */
  public String patient() {
    return patient;
  }

  /** Height of the JPEG in pixels. */
  public int height() {
    return height;
  }

  /** Width of the JPEG in pixels. */
  public int width() {
    return width;
  }

  /** SHA-256 of the JPEG's bytes in hexadecimal digits. */
  public String sha256() {
    return sha256;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof XrayRecord r
        && label.equals(r.label)
        && height == r.height
        && width == r.width
        && filename.equals(r.filename)
        && patient.equals(r.patient)
        && sha256.equals(r.sha256)
        && image.equals(r.image);
  }

  @Override
  public int hashCode() {
    return 31 * filename.hashCode() + sha256.hashCode();
  }

  @Override
  public String toString() {
    return filename + " (label " + label + ", " + height + " x " + width + ")";
  }

  /** Caches use this hash as a key, so a stored hash is checked. */
  private static String hash(ExampleFeatures features, ByteString image) throws IOException {
    String actual = Hashes.sha256(image.toByteArray());
    Optional<String> stored = features.text("sha256");
    if (stored.isPresent() && !stored.get().equals(actual)) {
      throw new DeepXrayException(
          "its image has the SHA-256 " + actual + ", not " + stored.get() + " as stored");
    }
    return actual;
  }

  private static Feature feature(ByteString value) {
    return Feature.newBuilder().setBytesList(BytesList.newBuilder().addValue(value)).build();
  }

  private static Feature feature(long value) {
    return Feature.newBuilder().setInt64List(Int64List.newBuilder().addValue(value)).build();
  }
}
