package io.github.deepxray.train.internal.embedding;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.internal.weights.Float16;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Content-addressed cache on disk of feature vectors or activations of a layer. Folder names are
 * hashes of the network, its weights, the preprocessing, the engine and the processor; the key of a
 * vector is the hash of its image's bytes and of its view. A changed input therefore never finds a
 * stale vector, and data sets with common images share vectors.
 *
 * <p>Vectors are appended one by one, each with a checksum. An incomplete vector at the end of the
 * file, left by a killed run, is removed when the file is opened; the vectors before it are used.
 *
 * <p>All methods may be called from several threads.
 */
public final class EmbeddingCache implements AutoCloseable {
  private static final byte[] MAGIC = "DXEMB001".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 16;
  private static final int IMAGE_HASH = 32;
  private static final int VIEW_HASH = 8;

  private final Path file;
  private final FileChannel channel;
  private final int dimension;
  private final Precision precision;
  private final int recordSize;
  private final Map<String, Long> positions = new HashMap<>();
  private long end;

  /** Precision of the stored values. */
  public enum Precision {
    /** 32-bit floats, as computed. */
    FLOAT32(0, Float.BYTES),
    /** 16-bit floats, rounded to 11 binary digits. */
    FLOAT16(1, Short.BYTES);

    private final int code;
    private final int bytes;

    Precision(int code, int bytes) {
      this.code = code;
      this.bytes = bytes;
    }
  }

  /**
   * Key of a cache: all inputs of the vectors besides image and view.
   *
   * @param content fingerprint of network, preprocessing and engine
   * @param processor processor that computes the vectors, see {@link
   *     io.github.deepxray.core.internal.engine.Processor#features}
   */
  public record Key(String content, String processor) {
    private Path home(Path folder) {
      return folder.resolve(name(content)).resolve(name(processor));
    }

    private static String name(String text) {
      return Hashes.sha256(text).substring(0, 16);
    }

    /**
     * Whether a folder of caches has this content only from other processors.
     *
     * @throws IOException if the folder cannot be read
     */
    public boolean onlyOfOtherProcessors(Path folder) throws IOException {
      Path home = home(folder);
      if (Files.exists(home) || !Files.isDirectory(home.getParent())) {
        return false;
      }
      try (Stream<Path> others = Files.list(home.getParent())) {
        return others.anyMatch(Files::isDirectory);
      }
    }
  }

  private EmbeddingCache(Path file, FileChannel channel, int dimension, Precision precision) {
    this.file = file;
    this.channel = channel;
    this.dimension = dimension;
    this.precision = precision;
    this.recordSize = IMAGE_HASH + VIEW_HASH + dimension * precision.bytes + Integer.BYTES;
  }

  /**
   * Opens or creates the cache of one network.
   *
   * @param folder folder of all caches
   * @param key key of the cache
   * @param dimension length of the vectors
   * @param precision precision of the stored values; caches with the same key share a file, so the
   *     precision must be part of the key if it may differ
   * @throws DeepXrayException if another process uses the cache
   * @throws IOException if it cannot be read or written
   */
  public static EmbeddingCache open(Path folder, Key key, int dimension, Precision precision)
      throws IOException {
    Path home = key.home(folder);
    Files.createDirectories(home);
    Path file = home.resolve("embeddings.bin");
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    EmbeddingCache cache = new EmbeddingCache(file, channel, dimension, precision);
    try {
      cache.lock();
      cache.load();
      return cache;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void lock() throws IOException {
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new DeepXrayException(
          "The embedding cache "
              + file
              + " is in use by another run; wait for it, or give this one its own --cache folder.");
    }
  }

  private void load() throws IOException {
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    readFully(header, 0);
    header.flip();
    boolean known =
        header.remaining() == HEADER
            && header.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))
            && header.getInt(MAGIC.length) == dimension
            && header.getInt(MAGIC.length + Integer.BYTES) == precision.code;
    if (!known) {
      channel.truncate(0);
      header.clear();
      header.put(MAGIC).putInt(dimension).putInt(precision.code).flip();
      writeFully(header, 0);
    }
    end = HEADER;
    long size = channel.size();
    ByteBuffer record = ByteBuffer.allocate(recordSize).order(ByteOrder.LITTLE_ENDIAN);
    while (end + recordSize <= size) {
      record.clear();
      readFully(record, end);
      if (record.getInt(recordSize - Integer.BYTES) != checksum(record)) {
        break;
      }
      positions.put(HexFormat.of().formatHex(record.array(), 0, IMAGE_HASH + VIEW_HASH), end);
      end += recordSize;
    }
    channel.truncate(end);
  }

  private int checksum(ByteBuffer record) {
    CRC32C crc = new CRC32C();
    crc.update(record.slice(0, recordSize - Integer.BYTES));
    return (int) crc.getValue();
  }

  private static String key(String sha256, ImageView view) {
    return sha256 + Hashes.sha256(view.fingerprint()).substring(0, 2 * VIEW_HASH);
  }

  /** The number of vectors. */
  public synchronized int size() {
    return positions.size();
  }

  /** Whether the cache has the vector of an image's view. */
  public synchronized boolean contains(String sha256, ImageView view) {
    return positions.containsKey(key(sha256, view));
  }

  /**
   * Returns the vector of an image's view, if cached.
   *
   * @param sha256 the hash of the image's bytes in hexadecimal digits
   * @throws IOException if it cannot be read
   */
  public Optional<float[]> get(String sha256, ImageView view) throws IOException {
    float[] vector = new float[dimension];
    return read(sha256, view, vector, 0) ? Optional.of(vector) : Optional.empty();
  }

  /**
   * Copies the vector of an image's view into an array.
   *
   * @param sha256 hash of the image's bytes in hexadecimal digits
   * @param target target array
   * @param offset position of the first value in the target
   * @return whether the vector is cached
   * @throws IOException if it cannot be read
   */
  public boolean read(String sha256, ImageView view, float[] target, int offset)
      throws IOException {
    Optional<Long> position = position(key(sha256, view));
    if (position.isEmpty()) {
      return false;
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(dimension * precision.bytes).order(ByteOrder.LITTLE_ENDIAN);
    readFully(bytes, position.get() + IMAGE_HASH + VIEW_HASH);
    bytes.flip();
    switch (precision) {
      case FLOAT32 -> bytes.asFloatBuffer().get(target, offset, dimension);
      case FLOAT16 -> Float16.get(bytes.asShortBuffer(), target, offset, dimension);
    }
    return true;
  }

  private synchronized Optional<Long> position(String key) {
    return Optional.ofNullable(positions.get(key));
  }

  /**
   * Adds a vector, unless it is cached already.
   *
   * @param sha256 hash of the image's bytes in hexadecimal digits
   * @param vectors array with the values
   * @param offset position of the first value
   * @throws DeepXrayException if a value is too large for the precision
   * @throws IOException if it cannot be written
   */
  public synchronized void put(String sha256, ImageView view, float[] vectors, int offset)
      throws IOException {
    String key = key(sha256, view);
    if (positions.containsKey(key)) {
      return;
    }
    ByteBuffer record = ByteBuffer.allocate(recordSize).order(ByteOrder.LITTLE_ENDIAN);
    record.put(HexFormat.of().parseHex(key));
    switch (precision) {
      case FLOAT32 -> {
        for (int i = 0; i < dimension; i++) {
          record.putFloat(vectors[offset + i]);
        }
      }
      case FLOAT16 -> {
        requireRange(vectors, offset);
        Float16.put(vectors, offset, dimension, record.asShortBuffer());
        record.position(record.position() + dimension * Short.BYTES);
      }
    }
    record.putInt(checksum(record));
    record.flip();
    writeFully(record, end);
    positions.put(key, end);
    end += recordSize;
  }

  /**
   * Checks the free disk space before hours of computation.
   *
   * @param vectors number of vectors to be added
   * @throws DeepXrayException if the file system has too little free space
   * @throws IOException if the free space cannot be read
   */
  public void requireSpace(long vectors) throws IOException {
    long available = Files.getFileStore(file).getUsableSpace();
    if (vectors > available / recordSize) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "The cache %s would grow by %,d bytes, but %,d are available there; make room, give"
                  + " another --cache folder or fewer views.",
              file,
              Math.multiplyExact(vectors, recordSize),
              available));
    }
  }

  private void requireRange(float[] vectors, int offset) {
    for (int i = offset; i < offset + dimension; i++) {
      if (!(Math.abs(vectors[i]) <= Float16.MAX_VALUE)) {
        throw new DeepXrayException(
            ("The value %s is too large for a cache of 16-bit floats; train more of the "
                    + "network, so that it is cut where its values are smaller.")
                .formatted(vectors[i]));
      }
    }
  }

  private void readFully(ByteBuffer target, long position) throws IOException {
    long at = position;
    try {
      while (target.hasRemaining()) {
        int n = channel.read(target, at);
        if (n < 0) {
          return;
        }
        at += n;
      }
    } catch (ClosedByInterruptException e) {
      throw new WorkInterruptedException(e);
    }
  }

  private void writeFully(ByteBuffer source, long position) throws IOException {
    long at = position;
    try {
      while (source.hasRemaining()) {
        at += channel.write(source, at);
      }
    } catch (ClosedByInterruptException e) {
      throw new WorkInterruptedException(e);
    }
  }

  /** Releases the lock of the cache. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
