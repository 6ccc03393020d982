package io.github.deepxray.track.internal.tensorboard;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;

/** Writer of TensorBoard plugin messages, which have no Java classes. */
final class Messages {
  private Messages() {}

  /** Writer of the fields of a message. */
  @FunctionalInterface
  interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  /** Returns the bytes of a message. */
  static ByteString of(Fields fields) {
    ByteString.Output bytes = ByteString.newOutput();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      fields.write(out);
      out.flush();
    } catch (IOException e) {
      throw new IllegalStateException("memory refused bytes", e);
    }
    return bytes.toByteString();
  }
}
