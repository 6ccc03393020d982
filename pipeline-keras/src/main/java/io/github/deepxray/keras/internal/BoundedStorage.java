package io.github.deepxray.keras.internal;

import io.jhdf.Superblock;
import io.jhdf.Utils;
import io.jhdf.exceptions.HdfException;
import io.jhdf.storage.HdfBackingStorage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Storage of an HDF5 file for jHDF with bounded reads. jHDF's own storage trusts the file: it
 * allocates declared lengths, replaces missing parts by other bytes of the file and follows
 * circular links. This one returns only bytes inside the file, and limits the total to what a file
 * of this size needs.
 */
final class BoundedStorage implements HdfBackingStorage, Closeable {
  private static final int MIB = 1 << 20;

  /** Larger than any tensor of a network. */
  private static final int MAX_READ = 256 * MIB;

  /** Largest number of reads of the whole file; values are read once, tables twice. */
  private static final int TIMES = 4;

  /** Minimum cost of a read, which limits their number. */
  private static final int LEAST_COST = 256;

  /** Signature, version and all fields of the longest superblock. */
  private static final int SUPERBLOCK = 128;

  /** More blocks than the heap of a group has. */
  private static final int MAX_BLOCKS = 1 << 16;

  private final FileChannel channel;
  private final long size;
  private final Superblock superblock;
  private long budget;

  private BoundedStorage(FileChannel channel) throws IOException {
    this.channel = channel;
    this.size = channel.size();
    this.budget = TIMES * (size + MIB);
    this.superblock = superblock();
  }

  /**
   * Opens a file.
   *
   * @throws RuntimeException if the file is not HDF5 or is cut off
   * @throws IOException if the file cannot be read
   */
  static BoundedStorage open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file);
    try {
      return new BoundedStorage(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Finds the superblock, at the beginning or, after a user block, at 512, 1024, 2048 and so on.
   */
  private Superblock superblock() {
    for (long start = 0; start < size; start = start == 0 ? 512 : 2 * start) {
      ByteBuffer head = mapNoOffset(start, Math.min(SUPERBLOCK, size - start));
      if (startsWith(head, "\211HDF\r\n\032\n")) {
        Superblock found = Superblock.readSuperblock(head);
        if (found.getBaseAddressByte() != start) {
          throw new HdfException("its superblock has another address");
        }
        if (found.getEndOfFileAddress() > size || found.getEndOfFileAddress() < start) {
          throw new HdfException(
              "it is cut off: it has %s of %s bytes"
                  .formatted(size, Long.toUnsignedString(found.getEndOfFileAddress())));
        }
        return found;
      }
    }
    throw new HdfException("it has no HDF5 signature");
  }

  /** Reads a part of the file's tables. */
  @Override
  public ByteBuffer readBufferFromAddress(long address, int length) {
    ByteBuffer bytes = map(address, length);
    if (startsWith(bytes, "BTHD")) {
      // The size of a record is behind ten bytes; the number of records behind the root's address
      // and 18 bytes.
      requireRoom(bytes.getShort(10) & 0xffff, unsigned(bytes, 18 + getSizeOfOffsets()));
    } else if (startsWith(bytes, "FRHP")) {
      int table = 14 + 10 * getSizeOfLengths() + 2 * getSizeOfOffsets();
      int rows = table + 6 + 2 * getSizeOfLengths() + getSizeOfOffsets();
      if ((bytes.getShort(table) & 0xffff) * (long) (bytes.getShort(rows) & 0xffff) > MAX_BLOCKS) {
        throw new HdfException("a heap has more blocks than any group needs");
      }
    }
    return bytes;
  }

  /** jHDF allocates all records of a tree before it reads them. */
  private void requireRoom(int bytes, long records) {
    if (bytes == 0 || records < 0 || records > size / bytes) {
      throw new HdfException("a table has more entries than the file can hold");
    }
  }

  private long unsigned(ByteBuffer bytes, int index) {
    return Utils.readBytesAsUnsignedLong(
        bytes.duplicate().order(bytes.order()).position(index), getSizeOfLengths());
  }

  private static boolean startsWith(ByteBuffer bytes, String signature) {
    byte[] expected = signature.getBytes(StandardCharsets.ISO_8859_1);
    return bytes.remaining() >= expected.length
        && bytes.slice(0, expected.length).equals(ByteBuffer.wrap(expected));
  }

  @Override
  public ByteBuffer map(long address, long length) {
    return mapNoOffset(address + superblock.getBaseAddressByte(), length);
  }

  @Override
  public ByteBuffer mapNoOffset(long address, long length) {
    if (address < 0 || length < 0 || length > size - address) {
      throw new HdfException(
          "it refers to %s bytes at %s, outside the file"
              .formatted(Long.toUnsignedString(length), Long.toUnsignedString(address)));
    }
    budget -= Math.max(length, LEAST_COST);
    if (length > MAX_READ || budget < 0) {
      throw new HdfException("its tables refer to far more bytes than the file has");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) length);
    try {
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, address + bytes.position()) < 0) {
          throw new HdfException("it became shorter during reading");
        }
      }
    } catch (IOException e) {
      throw new HdfException("reading it failed", e);
    }
    return bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public long getUserBlockSize() {
    return superblock.getBaseAddressByte();
  }

  @Override
  public Superblock getSuperblock() {
    return superblock;
  }

  @Override
  public FileChannel getFileChannel() {
    throw new UnsupportedOperationException("it is read through its storage alone");
  }

  @Override
  public int getSizeOfOffsets() {
    return superblock.getSizeOfOffsets();
  }

  @Override
  public int getSizeOfLengths() {
    return superblock.getSizeOfLengths();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean inMemory() {
    return false;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new HdfException("closing it failed", e);
    }
  }
}
