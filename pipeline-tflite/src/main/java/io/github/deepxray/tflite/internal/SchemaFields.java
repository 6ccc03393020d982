package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.Table;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Table of a file read by field offsets: TFLite's schema has fields that the generated classes do
 * not have. They refer to values outside the file's tables, as in files of more than two gigabytes.
 */
final class SchemaFields extends Table {
  // Position of a field in the table of offsets: 4 for the first, and 2 more for each next.
  private static final int MODEL_SUBGRAPHS = 8;
  private static final int MODEL_BUFFERS = 12;
  private static final int SUBGRAPH_TENSORS = 4;
  private static final int BUFFER_OFFSET = 6;
  private static final int BUFFER_SIZE = 8;
  private static final int TENSOR_EXTERNAL_BUFFER = 24;

  private SchemaFields(int position, ByteBuffer file) {
    __reset(position, file);
  }

  /** Returns the model, in little-endian order independent of the buffer's order. */
  static SchemaFields root(ByteBuffer file) {
    ByteBuffer ordered = file.order(ByteOrder.LITTLE_ENDIAN);
    return new SchemaFields(ordered.getInt(0), ordered);
  }

  /** Whether values of a tensor of the first graph, or of a buffer, are outside the tables. */
  boolean outside(int buffer, int tensor) {
    SchemaFields values = element(MODEL_BUFFERS, buffer);
    return values.has(BUFFER_OFFSET)
        || values.has(BUFFER_SIZE)
        || element(MODEL_SUBGRAPHS, 0)
            .element(SUBGRAPH_TENSORS, tensor)
            .has(TENSOR_EXTERNAL_BUFFER);
  }

  private boolean has(int field) {
    return __offset(field) != 0;
  }

  private SchemaFields element(int field, int index) {
    return new SchemaFields(__indirect(__vector(__offset(field)) + Integer.BYTES * index), bb);
  }
}
