package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.Table;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A table of a file, read by the places of its fields: TFLite's schema has fields that our classes
 * of it do not know. They say that values lie elsewhere than in the file's tables, as in files of
 * more than two gigabytes.
 */
final class SchemaFields extends Table {
  // A field's place in the table of offsets: 4 for the first, and 2 for each before it.
  private static final int MODEL_SUBGRAPHS = 8;
  private static final int MODEL_BUFFERS = 12;
  private static final int SUBGRAPH_TENSORS = 4;
  private static final int BUFFER_OFFSET = 6;
  private static final int BUFFER_SIZE = 8;
  private static final int TENSOR_EXTERNAL_BUFFER = 24;

  private SchemaFields(int position, ByteBuffer file) {
    __reset(position, file);
  }

  /** The model, in little-endian order whatever the buffer's was. */
  static SchemaFields root(ByteBuffer file) {
    ByteBuffer ordered = file.order(ByteOrder.LITTLE_ENDIAN);
    return new SchemaFields(ordered.getInt(0), ordered);
  }

  /** Whether values of a tensor of the first graph, or of a buffer, lie outside of the tables. */
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
