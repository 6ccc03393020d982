package io.github.deepxray.core.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Recognizes files of formats that are not supported, from their first bytes. */
final class ForeignFile {
  /** Descriptions by the first bytes in hexadecimal, with dots for any digit. */
  private static final Map<String, String> SIGNATURES =
      Map.ofEntries(
          Map.entry("52494646........57454250", "a WebP image; save it as PNG"),
          Map.entry("474946383", "a GIF image; save it as PNG"),
          Map.entry("49492b00", "a BigTIFF image; save it as TIFF or PNG"),
          Map.entry("4d4d002b", "a BigTIFF image; save it as TIFF or PNG"),
          Map.entry("0000000c6a502020", "a JPEG 2000 image; save it as PNG"),
          Map.entry("ff4fff51", "a JPEG 2000 image; save it as PNG"),
          Map.entry("ff0a", "a JPEG XL image; save it as PNG"),
          Map.entry("0000000c4a584c20", "a JPEG XL image; save it as PNG"),
          Map.entry("........66747970", "a HEIF or AVIF image; save it as PNG"),
          Map.entry("255044462d", "a PDF document; save its picture as PNG"),
          Map.entry("504b0304", "a zip archive; unpack it"),
          Map.entry("1f8b", "a gzip file; unpack it"));

  private static final byte[] DICOM = "DICM".getBytes(StandardCharsets.US_ASCII);
  private static final int DICOM_AT = 128;
  private static final int LONGEST = 64;

  private ForeignFile() {}

  /** Describes a file and what to do about it; empty for unknown content. */
  static Optional<String> describe(byte[] bytes) {
    byte[] head = Arrays.copyOf(bytes, Math.min(bytes.length, LONGEST));
    String hex = HexFormat.of().formatHex(head);
    for (Map.Entry<String, String> signature : SIGNATURES.entrySet()) {
      if (hex.matches(signature.getKey() + ".*")) {
        return Optional.of(signature.getValue());
      }
    }
    String text = new String(head, StandardCharsets.ISO_8859_1).strip().toLowerCase(Locale.ROOT);
    if (text.startsWith("version https://git-lfs")) {
      return Optional.of("a pointer of Git LFS, not the file itself; run git lfs pull");
    } else if (text.startsWith("<!doctype html") || text.startsWith("<html")) {
      return Optional.of("a page of HTML, such as a server sends for an error; download it again");
    } else if (bytes.length >= DICOM_AT + 4
        && Arrays.equals(bytes, DICOM_AT, DICOM_AT + 4, DICOM, 0, 4)) {
      return Optional.of("a DICOM file; save its picture as PNG");
    }
    return Optional.empty();
  }
}
