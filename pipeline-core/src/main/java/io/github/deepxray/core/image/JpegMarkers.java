package io.github.deepxray.core.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Markers of a JPEG before its first scan (ITU-T T.81, annex B). The segments themselves are not
 * kept: a file may have millions.
 */
final class JpegMarkers {
  private static final int APP0 = 0xe0;
  private static final int APP1 = 0xe1;
  private static final int APP2 = 0xe2;
  private static final int APP14 = 0xee;
  private static final int SOF9 = 0xc9;
  private static final int SOS = 0xda;
  private static final int DQT = 0xdb;

  private static final byte[] JFIF_NAME = name("JFIF\0");
  private static final byte[] EXIF_NAME = name("Exif\0\0");
  private static final byte[] ICC_NAME = name("ICC_PROFILE\0");
  private static final byte[] ADOBE_NAME = name("Adobe");

  /** JFIF 1.01 without a thumbnail, its marker included. */
  private static final byte[] JFIF = {
    (byte) 0xff, (byte) APP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
  };

  private final byte[] bytes;

  /** Position of the frame header; -1 if there is none. */
  private int frame = -1;

  private boolean jfif;
  private boolean profile;
  private int adobeTransform = -1;
  private int quantization;
  private int orientation = Orientation.UPRIGHT;

  private JpegMarkers(byte[] bytes) {
    this.bytes = bytes;
    boolean oriented = false;
    for (int at = first(); at >= 0; at = after(at)) {
      int marker = at(at + 1);
      int length = length(at);
      if (isFrame(marker) && length >= 10 && frame < 0) {
        frame = at;
      } else if (marker == DQT && quantization == 0) {
        quantization = quantization(at);
      } else if (marker == APP0) {
        jfif |= begins(at, JFIF_NAME);
      } else if (marker == APP2) {
        profile |= begins(at, ICC_NAME);
      } else if (marker == APP14 && length >= 16 && begins(at, ADOBE_NAME)) {
        adobeTransform = adobeTransform < 0 ? at(at + 15) : adobeTransform;
      } else if (marker == APP1 && !oriented && begins(at, EXIF_NAME)) {
        oriented = true;
        orientation = Orientation.ofTiff(bytes, at + 4 + EXIF_NAME.length, at + length);
      }
    }
  }

  /** Reads the markers of a file; none if the file is no JPEG. */
  static JpegMarkers of(byte[] bytes) {
    return new JpegMarkers(bytes);
  }

  private static byte[] name(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private int at(int index) {
    return bytes[index] & 0xff;
  }

  /** Length of a segment with its marker in bytes. */
  private int length(int at) {
    return ((at(at + 2) << 8) | at(at + 3)) + 2;
  }

  /** Returns the sum of the first table of a segment, of 8 or 16 bits; 0 if it is cut. */
  private int quantization(int at) {
    int bytesEach = at(at + 4) < 16 ? 1 : 2;
    int sum = 0;
    if (length(at) >= 5 + 64 * bytesEach) {
      for (int i = at + 5; i < at + 5 + 64 * bytesEach; i += bytesEach) {
        sum += bytesEach == 1 ? at(i) : (at(i) << 8) | at(i + 1);
      }
    }
    return sum;
  }

  private boolean begins(int at, byte[] name) {
    int from = at + 4;
    return length(at) >= 4 + name.length
        && Arrays.equals(bytes, from, from + name.length, name, 0, name.length);
  }

  /** Whether a marker is a frame header; C4, C8 and CC in that range are not. */
  static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  /** Position of the first segment; -1 if there is none. */
  private int first() {
    boolean jpeg = bytes.length >= 4 && at(0) == 0xff && at(1) == 0xd8;
    return jpeg ? segment(2) : -1;
  }

  /** Position of the segment after another; -1 if there is none. */
  private int after(int at) {
    return segment(at + length(at));
  }

  /**
   * Position of the next segment, after filler and markers without a length; -1 if there is none.
   */
  private int segment(int from) {
    int at = from;
    while (at + 4 <= bytes.length && at(at) == 0xff) {
      int marker = at(at + 1);
      if (marker == 0xff) {
        at++;
      } else if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd9)) {
        // Tables of a TIFF end like a file, and its strips begin like one.
        at += 2;
      } else {
        boolean whole = length(at) >= 4 && at + length(at) <= bytes.length;
        return marker == SOS || !whole ? -1 : at;
      }
    }
    return -1;
  }

  /** Number of components in the frame header; 0 if there is none. */
  int components() {
    return frame < 0 ? 0 : at(frame + 9);
  }

  /** The Adobe marker's colour transform, if there is one (Adobe Technical Note 5116). */
  Optional<Integer> adobeTransform() {
    return adobeTransform < 0 ? Optional.empty() : Optional.of(adobeTransform);
  }

  /** Sum of the first quantization table; 0 if there is none. */
  int quantization() {
    return quantization;
  }

  /** Orientation in the Exif segment, 1 (upright) to 8. */
  int orientation() {
    return orientation;
  }

  /**
   * Rejects JPEG features that JDKs decode to different pixels: those of Linux distributions use
   * the system's libjpeg-turbo, as TensorFlow does, others libjpeg 6b.
   *
   * @throws IOException with the reason
   */
  void refuseWhatDiffers() throws IOException {
    if (frame < 0) {
      return;
    }
    if (at(frame + 1) >= SOF9) {
      throw new IOException("it uses arithmetic coding, which few programs read; save it again");
    }
    int count = Math.min(components(), (length(frame) - 10) / 3);
    int[] across = new int[count];
    int[] down = new int[count];
    for (int i = 0; i < count; i++) {
      int factors = at(frame + 11 + 3 * i);
      across[i] = factors >> 4;
      down[i] = factors & 15;
    }
    int widest = Arrays.stream(across).max().orElse(1);
    int tallest = Arrays.stream(down).max().orElse(1);
    for (int i = 0; i < count; i++) {
      if (across[i] == widest && 2 * down[i] == tallest) {
        throw new IOException(
            "its colours are subsampled vertically only (4:4:0), which programs read"
                + " differently; save it again");
      }
    }
  }

  /**
   * Returns the file prepared for the JDK's decoder: without a colour profile, which the decoder
   * would apply and TensorFlow ignores; and with a JFIF segment where only the names of components
   * distinguish YCbCr from RGB, since the decoder takes more names for RGB than libjpeg does.
   */
  byte[] forDecoder() {
    boolean nameless = components() == 3 && !jfif && adobeTransform < 0 && !namesAreRgb();
    if (!profile && !nameless) {
      return bytes;
    }
    ByteArrayOutputStream kept = new ByteArrayOutputStream(bytes.length + JFIF.length);
    kept.write(bytes, 0, 2);
    if (nameless) {
      kept.write(JFIF, 0, JFIF.length);
    }
    int from = 2;
    for (int at = first(); at >= 0; at = after(at)) {
      if (at(at + 1) == APP2 && begins(at, ICC_NAME)) {
        kept.write(bytes, from, at - from);
        from = at + length(at);
      }
    }
    kept.write(bytes, from, bytes.length - from);
    return kept.toByteArray();
  }

  private boolean namesAreRgb() {
    return length(frame) >= 19
        && at(frame + 10) == 'R'
        && at(frame + 13) == 'G'
        && at(frame + 16) == 'B';
  }
}
