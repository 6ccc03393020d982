// Files that users choose, drop and paste.

const IMAGE = /\.(?:jpe?g|png)$/i;

/**
 * Checks the first bytes of a file, so that other documents are not sent.
 *
 * @returns {Promise<string>} error message, empty if the file may be an image
 */
export async function objection(file) {
  if (file.size === 0) {
    return 'The file is empty.';
  }
  let bytes;
  try {
    bytes = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  } catch {
    return 'The file cannot be read. It may have been moved since it was chosen.';
  }
  const starts = (...signature) => signature.every((byte, i) => bytes[i] === byte);
  return starts(0xff, 0xd8, 0xff) || starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
    ? ''
    : 'The file is neither JPEG nor PNG.';
}

/**
 * Returns the dropped files. Of folders, all JPEG and PNG files are used, in the order of their
 * names.
 *
 * @param {DataTransfer} data to be called while the event is handled
 * @returns {Promise<{files: File[], left: number}>} the files and the number of other files
 */
export async function dropped(data) {
  const entries = [...data.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = { files: [], left: 0 };
  for (const entry of entries) {
    if (entry instanceof File) {
      found.files.push(entry);
    } else if (entry?.isFile) {
      await take(entry, found);
    } else if (entry) {
      await walk(entry, found);
    }
  }
  return found;
}

/** Returns the readable entries. */
async function take(entry, found) {
  try {
    found.files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
  } catch {
    found.left++;
  }
}

async function walk(folder, found) {
  const reader = folder.createReader();
  const entries = [];
  for (;;) {
    // The reader returns entries in parts, and an empty part at the end.
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) {
      break;
    }
    entries.push(...part);
  }
  entries.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  for (const entry of entries) {
    if (entry.isDirectory) {
      await walk(entry, found);
    } else if (IMAGE.test(entry.name)) {
      await take(entry, found);
    } else {
      found.left++;
    }
  }
}
