package io.github.deepxray.keras.internal;

import io.jhdf.Constants;
import io.jhdf.FractalHeap;
import io.jhdf.GroupSymbolTableNode;
import io.jhdf.LocalHeap;
import io.jhdf.ObjectHeader;
import io.jhdf.Superblock.SuperblockV0V1;
import io.jhdf.Superblock.SuperblockV2V3;
import io.jhdf.SymbolTableEntry;
import io.jhdf.Utils;
import io.jhdf.btree.BTreeV1;
import io.jhdf.btree.BTreeV2;
import io.jhdf.btree.record.AttributeNameForIndexedAttributesRecord;
import io.jhdf.btree.record.LinkNameForIndexedGroupRecord;
import io.jhdf.dataset.DatasetReader;
import io.jhdf.exceptions.HdfException;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.StringData;
import io.jhdf.object.datatype.VariableLength;
import io.jhdf.object.message.AttributeInfoMessage;
import io.jhdf.object.message.AttributeMessage;
import io.jhdf.object.message.DataSpaceMessage;
import io.jhdf.object.message.DataTypeMessage;
import io.jhdf.object.message.LinkInfoMessage;
import io.jhdf.object.message.LinkMessage;
import io.jhdf.object.message.LinkMessage.LinkType;
import io.jhdf.object.message.SymbolTableMessage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Group of an HDF5 file. Unlike jHDF's own groups, it reads through a {@link BoundedStorage} and
 * ignores links to other files.
 *
 * @param name the last part of the path; empty for the root
 */
record Hdf5Group(BoundedStorage storage, String name, ObjectHeader header) {
  /** Longer than any name that Keras writes. */
  private static final int LONGEST_NAME = 255;

  /** Content of a group. */
  record Children(List<Hdf5Group> groups, List<Hdf5Tensor> tensors) {}

  /** Opens the root group of a file. */
  static Hdf5Group root(BoundedStorage storage) {
    long address =
        storage.getSuperblock() instanceof SuperblockV0V1 old
            ? new SymbolTableEntry(storage, old.getRootGroupSymbolTableAddress())
                .getObjectHeaderAddress()
            : ((SuperblockV2V3) storage.getSuperblock()).getRootGroupObjectHeaderAddress();
    return new Hdf5Group(storage, "", ObjectHeader.readObjectHeader(storage, address));
  }

  /** Reads the groups and tensors of the group. */
  Children children() {
    Children children = new Children(new ArrayList<>(), new ArrayList<>());
    links()
        .forEach(
            (child, address) -> {
              ObjectHeader found = ObjectHeader.readObjectHeader(storage, address);
              if (found.hasMessageOfType(DataSpaceMessage.class)) {
                children.tensors.add(new Hdf5Tensor(storage, child, found));
              } else if (!found.hasMessageOfType(DataTypeMessage.class)) {
                children.groups.add(new Hdf5Group(storage, child, found));
              }
            });
    return children;
  }

  /** Reads the text of an attribute, if it exists and is a single text. */
  Optional<String> text(String attribute) {
    return attribute(attribute).flatMap(this::text);
  }

  private Optional<String> text(AttributeMessage message) {
    DataType type = message.getDataType();
    boolean text =
        type instanceof StringData
            || (type instanceof VariableLength any && any.isVariableLengthString());
    return text
            && message.getDataSpace().getDimensions().length == 0
            && message.getDataBuffer() != null
        ? Optional.of(
            (String) DatasetReader.readDataset(type, message.getDataBuffer(), new int[0], storage))
        : Optional.empty();
  }

  private Optional<AttributeMessage> attribute(String attribute) {
    Stream<AttributeMessage> few = header.getMessagesOfType(AttributeMessage.class).stream();
    Stream<AttributeMessage> many =
        header.getMessagesOfType(AttributeInfoMessage.class).stream()
            .filter(table -> table.getFractalHeapAddress() != Constants.UNDEFINED_ADDRESS)
            .flatMap(this::attributes);
    return Stream.concat(few, many)
        .filter(message -> message.getName().equals(attribute))
        .findFirst();
  }

  /** Reads attributes one at a time: in a damaged file all of them can have one long name. */
  private Stream<AttributeMessage> attributes(AttributeInfoMessage table) {
    FractalHeap heap = new FractalHeap(storage, table.getFractalHeapAddress());
    return new BTreeV2<AttributeNameForIndexedAttributesRecord>(
            storage, table.getAttributeNameBTreeAddress())
        .getRecords().stream()
            .map(
                entry ->
                    new AttributeMessage(heap.getId(entry.getHeapId()), storage, entry.getFlags()));
  }

  /** Addresses of the objects in this group, without soft links. */
  private Map<String, Long> links() {
    Map<String, Long> links = new LinkedHashMap<>();
    if (header.hasMessageOfType(SymbolTableMessage.class)) {
      addOldLinks(header.getMessageOfType(SymbolTableMessage.class), links);
      return links;
    }
    LinkInfoMessage info = header.getMessageOfType(LinkInfoMessage.class);
    List<LinkMessage> messages = header.getMessagesOfType(LinkMessage.class);
    if (info.getBTreeNameIndexAddress() != Constants.UNDEFINED_ADDRESS) {
      FractalHeap heap = new FractalHeap(storage, info.getFractalHeapAddress());
      messages =
          new BTreeV2<LinkNameForIndexedGroupRecord>(storage, info.getBTreeNameIndexAddress())
              .getRecords().stream()
                  .map(entry -> heap.getId(entry.getId()))
                  .map(bytes -> LinkMessage.fromBuffer(bytes, storage.getSuperblock()))
                  .toList();
    }
    for (LinkMessage link : messages) {
      if (link.getLinkType() == LinkType.HARD) {
        put(links, link.getLinkName(), link.getHardLinkAddress());
      }
    }
    return links;
  }

  /** Reads links of the format before HDF5 1.8, which h5py still writes. */
  private void addOldLinks(SymbolTableMessage table, Map<String, Long> links) {
    ByteBuffer names = new LocalHeap(storage, table.getLocalHeapAddress()).getDataBuffer();
    BTreeV1 tree = BTreeV1.createGroupBTree(storage, table.getBTreeAddress());
    for (long node : tree.getChildAddresses()) {
      for (SymbolTableEntry entry :
          new GroupSymbolTableNode(storage, node).getSymbolTableEntries()) {
        // 2 is a soft link.
        if (entry.getCacheType() != 2) {
          names.position(entry.getLinkNameOffset());
          put(links, Utils.readUntilNull(names), entry.getObjectHeaderAddress());
        }
      }
    }
  }

  /**
   * Adds a link with a name of limited length: in a damaged file many names can be suffixes of one
   * as long as the file.
   */
  private static void put(Map<String, Long> links, String name, long address) {
    if (name.length() > LONGEST_NAME) {
      throw new HdfException("a name has " + name.length() + " characters");
    }
    links.put(name, address);
  }
}
