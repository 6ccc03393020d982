package io.github.deepxray.datasets;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Example;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.Features;
import org.tensorflow.proto.Int64List;

/**
 * Selected features of a {@code tf.train.Example}. The others are skipped without creating objects:
 * a record can hold millions of features or values, which would take many times its memory.
 */
record ExampleFeatures(Map<String, ByteString> features) {
  private static final int KEY = 1;
  private static final int VALUE = 2;

  /** More than a list of one integer needs. */
  private static final int MOST_OF_AN_INTEGER = 32;

  /** Receives one field of a message. */
  private interface Field {
    void take(ByteString value) throws IOException;
  }

  /**
   * Reads features.
   *
   * @param example the bytes of the message; not copied
   * @param names the names of the features to read
   * @throws IOException if the bytes are no such message
   */
  static ExampleFeatures read(byte[] example, Set<String> names) throws IOException {
    Map<String, ByteString> features = new HashMap<>();
    each(
        UnsafeByteOperations.unsafeWrap(example),
        Example.FEATURES_FIELD_NUMBER,
        all ->
            each(
                all,
                Features.FEATURE_FIELD_NUMBER,
                entry -> {
                  String name = only(entry, KEY).orElse(ByteString.EMPTY).toStringUtf8();
                  if (names.contains(name)) {
                    features.put(name, only(entry, VALUE).orElse(ByteString.EMPTY));
                  }
                }));
    return new ExampleFeatures(features);
  }

  /**
   * Value of a feature with one string.
   *
   * @throws IOException if the feature is malformed
   */
  Optional<ByteString> bytes(String name) throws IOException {
    Optional<ByteString> list = list(name, Feature.BYTES_LIST_FIELD_NUMBER);
    return list.isEmpty() ? list : only(list.get(), BytesList.VALUE_FIELD_NUMBER);
  }

  /**
   * Text of a feature with one string.
   *
   * @throws IOException if the feature is malformed
   */
  Optional<String> text(String name) throws IOException {
    return bytes(name).map(ByteString::toStringUtf8);
  }

  /**
   * Value of a feature with one integer.
   *
   * @throws IOException if the feature is malformed
   */
  Optional<Long> integer(String name) throws IOException {
    Optional<ByteString> list = list(name, Feature.INT64_LIST_FIELD_NUMBER);
    if (list.isEmpty() || list.get().size() > MOST_OF_AN_INTEGER) {
      return Optional.empty();
    }
    Int64List values = Int64List.parseFrom(list.get());
    return values.getValueCount() == 1 ? Optional.of(values.getValue(0)) : Optional.empty();
  }

  private Optional<ByteString> list(String name, int field) throws IOException {
    return only(features.getOrDefault(name, ByteString.EMPTY), field);
  }

  /** Returns the only field of a number, if there is one. */
  private static Optional<ByteString> only(ByteString message, int field) throws IOException {
    ByteString[] last = {ByteString.EMPTY};
    int[] count = new int[1];
    each(
        message,
        field,
        value -> {
          last[0] = value;
          count[0]++;
        });
    return count[0] == 1 ? Optional.of(last[0]) : Optional.empty();
  }

  /** Visits all fields of a number in a message, which are strings or messages. */
  private static void each(ByteString message, int number, Field field) throws IOException {
    CodedInputStream in = message.newCodedInput();
    in.enableAliasing(true);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == (number << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED)) {
        field.take(in.readBytes());
      } else if (!in.skipField(tag)) {
        throw new InvalidProtocolBufferException("a group ends that has not begun");
      }
    }
  }
}
