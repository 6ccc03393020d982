package io.github.deepxray.keras.internal;

import io.jhdf.ObjectHeader;
import io.jhdf.api.Dataset;
import io.jhdf.btree.BTreeV1;
import io.jhdf.dataset.DatasetLoader;
import io.jhdf.dataset.DatasetReader;
import io.jhdf.dataset.NoParent;
import io.jhdf.dataset.chunked.Chunk;
import io.jhdf.exceptions.HdfException;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.FloatingPoint;
import io.jhdf.object.message.DataLayoutMessage;
import io.jhdf.object.message.DataLayoutMessage.ChunkedDataLayoutMessage;
import io.jhdf.object.message.DataLayoutMessage.CompactDataLayoutMessage;
import io.jhdf.object.message.DataLayoutMessage.ContiguousDataLayoutMessage;
import io.jhdf.object.message.FilterPipelineMessage;
import io.jhdf.object.message.FilterPipelineMessage.FilterInfo;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Tensor of an HDF5 file: its shape, and its values once the shape is checked. Values are
 * contiguous, as Keras writes them, or in chunks, plain or compressed by {@code deflate} with or
 * without {@code shuffle}, as other tools write them. Other features of HDF5 are rejected before a
 * value is read.
 */
final class Hdf5Tensor {
  private static final int DEFLATE = 1;
  private static final int SHUFFLE = 2;

  /** HDF5's own filters and the registered ones of h5py and hdf5plugin. */
  private static final Map<Integer, String> FILTERS =
      Map.of(
          DEFLATE,
          "deflate",
          SHUFFLE,
          "shuffle",
          3,
          "fletcher32",
          4,
          "szip",
          32000,
          "lzf",
          32001,
          "blosc",
          32004,
          "lz4",
          32008,
          "bitshuffle",
          32015,
          "zstd");

  private final BoundedStorage storage;
  private final String name;
  private final ObjectHeader header;
  private final Dataset dataset;

  Hdf5Tensor(BoundedStorage storage, String name, ObjectHeader header) {
    this.storage = storage;
    this.name = name;
    this.header = header;
    this.dataset = DatasetLoader.createDataset(storage, header, name, NoParent.INSTANCE);
  }

  /** Last part of the path. */
  String name() {
    return name;
  }

  /** Dimensions. */
  List<Integer> shape() {
    return Arrays.stream(dataset.getDimensions()).boxed().toList();
  }

  /** Type of the values, for messages. */
  String type() {
    return dataset.getJavaType().getSimpleName();
  }

  /** Whether the values are floats of 32 or 16 bits. */
  boolean isFloats() {
    return dataset.getDataType() instanceof FloatingPoint type
        && (isFloat(type, Float.BYTES, 23, 8) || isFloat(type, Short.BYTES, 10, 5));
  }

  /** Whether the bits of a number follow IEEE 754. */
  private static boolean isFloat(FloatingPoint type, int bytes, int mantissa, int exponent) {
    return type.getSize() == bytes
        && type.getBitOffset() == 0
        && type.getBitPrecision() == bytes * Byte.SIZE
        && type.getMantissaLocation() == 0
        && type.getMantissaSize() == mantissa
        && type.getExponentLocation() == mantissa
        && type.getExponentSize() == exponent
        && type.getExponentBias() == (1 << (exponent - 1)) - 1
        && type.getSignLocation() == bytes * Byte.SIZE - 1
        && type.getMantissaNormalization() == 2;
  }

  /**
   * Reads the values in row-major order. Call it only for floats of the expected shape, which
   * determines the memory.
   *
   * @throws RuntimeException if values are missing, outside the file or compressed in another way
   */
  float[] floats() {
    DataLayoutMessage layout = header.getMessageOfType(DataLayoutMessage.class);
    if (layout instanceof ChunkedDataLayoutMessage chunked) {
      return fromChunks(chunked);
    }
    long stored;
    if (layout instanceof ContiguousDataLayoutMessage whole) {
      // Old versions of the message do not contain it.
      stored = whole.getSize() < 0 ? dataset.getSizeInBytes() : whole.getSize();
    } else if (layout instanceof CompactDataLayoutMessage inside) {
      stored = inside.getDataBuffer().remaining();
    } else {
      throw new HdfException("its values are in chunks of HDF5 1.10 or later");
    }
    if (stored != dataset.getSizeInBytes() || dataset.isEmpty()) {
      throw new HdfException(
          "it has room for " + stored + " bytes, not " + dataset.getSizeInBytes());
    }
    return (float[]) dataset.getDataFlat();
  }

  private float[] fromChunks(ChunkedDataLayoutMessage layout) {
    int[] shape = dataset.getDimensions();
    int[] chunk = layout.getChunkDimensions();
    List<Integer> filters = filters();
    long needed = 1;
    for (int i = 0; i < shape.length; i++) {
      if (chunk.length != shape.length || chunk[i] < 1 || chunk[i] > shape[i]) {
        throw new HdfException("its chunks are " + Arrays.toString(chunk));
      }
      needed *= (shape[i] + chunk[i] - 1) / chunk[i];
    }
    float[] values = new float[Math.toIntExact(dataset.getSize())];
    Set<List<Integer>> places = new HashSet<>();
    for (Chunk stored :
        BTreeV1.createDataBTree(storage, layout.getBTreeAddress(), shape.length).getChunks()) {
      int[] start = stored.getChunkOffset();
      for (int i = 0; i < shape.length; i++) {
        if (start[i] % chunk[i] != 0 || start[i] >= shape[i]) {
          throw new HdfException("one of its chunks is at " + Arrays.toString(start));
        }
      }
      places.add(Arrays.stream(start).boxed().toList());
      place(decode(stored, chunk, filters), chunk, start, values, shape);
    }
    if (places.size() != needed) {
      throw new HdfException("it has " + places.size() + " of " + needed + " chunks");
    }
    return values;
  }

  /** Filters in the order of application. */
  private List<Integer> filters() {
    List<FilterInfo> filters =
        header.getMessagesOfType(FilterPipelineMessage.class).stream()
            .flatMap(message -> message.getFilters().stream())
            .toList();
    List<Integer> ids = filters.stream().map(FilterInfo::getId).toList();
    boolean known =
        ids.isEmpty()
            || ids.equals(List.of(DEFLATE))
            || ids.equals(List.of(SHUFFLE))
            || ids.equals(List.of(SHUFFLE, DEFLATE));
    for (FilterInfo filter : filters) {
      int[] options = filter.getData();
      known &= filter.getId() != SHUFFLE || (options.length > 0 && options[0] == bytes());
    }
    if (!known) {
      throw new HdfException(
          "its values are compressed by "
              + ids.stream()
                  .map(id -> FILTERS.getOrDefault(id, "filter " + id))
                  .collect(Collectors.joining(", "))
              + ", not by shuffle and deflate only");
    }
    return ids;
  }

  private int bytes() {
    return dataset.getDataType().getSize();
  }

  private float[] decode(Chunk stored, int[] chunk, List<Integer> filters) {
    int count = Arrays.stream(chunk).reduce(1, Math::multiplyExact);
    ByteBuffer bytes = storage.map(stored.getAddress(), stored.getSize());
    if (!stored.getFilterMask().isEmpty()) {
      throw new HdfException("some of its chunks are compressed differently");
    }
    if (filters.contains(DEFLATE)) {
      bytes = inflate(bytes, Math.multiplyExact(count, bytes()));
    }
    if (bytes.remaining() != count * (long) bytes()) {
      throw new HdfException("one of its chunks has " + bytes.remaining() + " bytes");
    }
    if (filters.contains(SHUFFLE)) {
      bytes = unshuffle(bytes, count, bytes());
    }
    DataType type = dataset.getDataType();
    return (float[]) DatasetReader.readDataset(type, bytes, count, storage);
  }

  private static ByteBuffer inflate(ByteBuffer packed, int size) {
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(packed);
      byte[] bytes = new byte[size];
      int length = inflater.inflate(bytes);
      // The end of the stream may need another call.
      if (length < size || inflater.inflate(new byte[1]) > 0 || !inflater.finished()) {
        throw new HdfException("one of its chunks does not decompress to " + size + " bytes");
      }
      return ByteBuffer.wrap(bytes);
    } catch (DataFormatException e) {
      throw new HdfException("one of its chunks is damaged", e);
    } finally {
      inflater.end();
    }
  }

  /** Reverses shuffle: first bytes of all values, second bytes of all values and so on. */
  private static ByteBuffer unshuffle(ByteBuffer bytes, int count, int width) {
    ByteBuffer values = ByteBuffer.allocate(count * width);
    for (int i = 0; i < count; i++) {
      for (int part = 0; part < width; part++) {
        values.put(bytes.get(part * count + i));
      }
    }
    return values.flip();
  }

  /** Copies the part of a chunk inside the tensor, by rows of the last dimension. */
  private static void place(float[] part, int[] chunk, int[] start, float[] values, int[] shape) {
    int last = shape.length - 1;
    int length = Math.min(chunk[last], shape[last] - start[last]);
    for (int from = 0; from < part.length; from += chunk[last]) {
      int rest = from / chunk[last];
      boolean inside = true;
      int to = start[last];
      int stride = shape[last];
      for (int i = last - 1; i >= 0; i--) {
        int at = start[i] + rest % chunk[i];
        rest /= chunk[i];
        inside &= at < shape[i];
        to += at * stride;
        stride *= shape[i];
      }
      if (inside) {
        System.arraycopy(part, from, values, to, length);
      }
    }
  }
}
