package io.github.deepxray.datasets.internal.kaggle;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Checksums of a file in a server's answer.
 *
 * @param md5 the MD5 in Base64
 * @param crc32c the CRC-32C, big endian, in Base64
 */
record Checksums(Optional<String> md5, Optional<String> crc32c) {
  /**
   * Reads {@code x-goog-hash}, which may occur twice or hold both checksums; otherwise an {@code
   * ETag} that is an MD5, as sent by Google's and Amazon's storage.
   */
  static Checksums of(HttpHeaders headers) {
    Optional<String> md5 = Optional.empty();
    Optional<String> crc32c = Optional.empty();
    for (String header : headers.allValues("x-goog-hash")) {
      for (String part : header.split(",", -1)) {
        String hash = part.strip();
        if (hash.startsWith("md5=")) {
          md5 = Optional.of(hash.substring(4));
        } else if (hash.startsWith("crc32c=")) {
          crc32c = Optional.of(hash.substring(7));
        }
      }
    }
    // For encrypted objects Amazon's ETag looks the same, but is no MD5.
    boolean encrypted = headers.firstValue("x-amz-server-side-encryption").isPresent();
    if (md5.isEmpty() && crc32c.isEmpty() && !encrypted) {
      md5 =
          headers
              .firstValue("ETag")
              .filter(tag -> tag.matches("\"[0-9a-fA-F]{32}\""))
              .map(tag -> tag.substring(1, 33).toLowerCase(Locale.ROOT))
              .map(hex -> Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex)));
    }
    return new Checksums(md5, crc32c);
  }

  /**
   * Checks a file.
   *
   * @return a description of the checksum that differs, if any
   */
  Optional<String> fault(Path file) throws IOException {
    if (md5.isEmpty() && crc32c.isEmpty()) {
      return Optional.empty();
    }
    MessageDigest digest = newMd5();
    CRC32C crc = new CRC32C();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        crc.update(buffer, 0, n);
      }
    }
    Base64.Encoder base64 = Base64.getEncoder();
    String actualMd5 = base64.encodeToString(digest.digest());
    String actualCrc =
        base64.encodeToString(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    if (!md5.orElse(actualMd5).equals(actualMd5)) {
      return Optional.of("its MD5 is " + actualMd5 + ", not " + md5.get());
    } else if (!crc32c.orElse(actualCrc).equals(actualCrc)) {
      return Optional.of("its CRC-32C is " + actualCrc + ", not " + crc32c.get());
    }
    return Optional.empty();
  }

  private static MessageDigest newMd5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has MD5", e);
    }
  }
}
