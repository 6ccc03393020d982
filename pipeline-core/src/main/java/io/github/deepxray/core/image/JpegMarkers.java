package io.github.deepxray.core.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The segments of a JPEG before its first scan (ITU-T T.81, annex B). */
final class JpegMarkers {
  private static final int APP0 = 0xe0;
  private static final int APP1 = 0xe1;
  private static final int APP2 = 0xe2;
  private static final int APP14 = 0xee;
  private static final int SOF9 = 0xc9;

  /** JFIF 1.01 without a thumbnail, its marker included. */
  private static final byte[] JFIF = {
    (byte) 0xff, (byte) APP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
  };

  private final byte[] bytes;

  /** In their order; none if this is no JPEG. */
  private final List<Segment> segments;

  private JpegMarkers(byte[] bytes, List<Segment> segments) {
    this.bytes = bytes;
    this.segments = segments;
  }

  /**
   * A segment.
   *
   * @param at where its marker begins
   * @param length with the marker
   */
  private record Segment(int marker, int at, int length) {
    /** A frame header; C4, C8 and CC lie among them but are none. */
    boolean isFrame() {
      return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }
  }

  static JpegMarkers of(byte[] bytes) {
    List<Segment> segments = new ArrayList<>();
    if (bytes.length >= 4 && at(bytes, 0) == 0xff && at(bytes, 1) == 0xd8) {
      int at = 2;
      while (at + 4 <= bytes.length && at(bytes, at) == 0xff) {
        int marker = at(bytes, at + 1);
        int length = two(bytes, at + 2) + 2;
        if (marker == 0xff) {
          // A filler byte before a marker.
          at++;
          continue;
        } else if (marker == 0xda || length < 4 || at + length > bytes.length) {
          break;
        }
        segments.add(new Segment(marker, at, length));
        at += length;
      }
    }
    return new JpegMarkers(bytes, segments);
  }

  private static int at(byte[] bytes, int index) {
    return bytes[index] & 0xff;
  }

  private static int two(byte[] bytes, int index) {
    return (at(bytes, index) << 8) | at(bytes, index + 1);
  }

  private Optional<Segment> first(Predicate<Segment> which) {
    return segments.stream().filter(which).findFirst();
  }

  private Optional<Segment> application(int marker, String name) {
    return first(s -> s.marker() == marker && begins(s, name));
  }

  private boolean begins(Segment segment, String name) {
    byte[] words = name.getBytes(StandardCharsets.US_ASCII);
    int from = segment.at() + 4;
    return segment.length() >= 4 + words.length
        && Arrays.equals(bytes, from, from + words.length, words, 0, words.length);
  }

  private Optional<Segment> frame() {
    return first(s -> s.isFrame() && s.length() >= 10);
  }

  /** The number of components that the frame header announces; 0 if there is none. */
  int components() {
    return frame().map(s -> at(bytes, s.at() + 9)).orElse(0);
  }

  /** The Adobe marker's colour transform, if there is one (Adobe Technical Note 5116). */
  Optional<Integer> adobeTransform() {
    return application(APP14, "Adobe")
        .filter(s -> s.length() >= 16)
        .map(s -> at(bytes, s.at() + 15));
  }

  /** The orientation that an Exif segment tells, 1 (upright) to 8. */
  int orientation() {
    return application(APP1, "Exif\0\0")
        .map(s -> Orientation.ofTiff(bytes, s.at() + 10, s.at() + s.length()))
        .orElse(Orientation.UPRIGHT);
  }

  /**
   * Refuses what JDKs decode to different pixels: those of Linux distributions with their system's
   * libjpeg-turbo, as TensorFlow, others with libjpeg 6b.
   *
   * @throws IOException with the reason
   */
  void refuseWhatDiffers() throws IOException {
    Optional<Segment> frame = frame();
    if (frame.isEmpty()) {
      return;
    }
    if (frame.get().marker() >= SOF9) {
      throw new IOException(
          "it is packed by arithmetic coding, which few programs read; save it anew");
    }
    int count = Math.min(components(), (frame.get().length() - 10) / 3);
    int[] across = new int[count];
    int[] down = new int[count];
    for (int i = 0; i < count; i++) {
      int factors = at(bytes, frame.get().at() + 11 + 3 * i);
      across[i] = factors >> 4;
      down[i] = factors & 15;
    }
    int most = Arrays.stream(across).max().orElse(1);
    int tallest = Arrays.stream(down).max().orElse(1);
    for (int i = 0; i < count; i++) {
      if (across[i] == most && 2 * down[i] == tallest) {
        throw new IOException(
            "its colours are halved from top to bottom alone (4:4:0), which programs read"
                + " differently; save it anew");
      }
    }
  }

  /**
   * The file as the JDK's decoder should see it: without a colour profile, which it would apply to
   * the pixels and TensorFlow ignores; and with a JFIF segment where only the names of components
   * tell luma and chroma from RGB, of which it takes more for RGB than libjpeg does.
   */
  byte[] forDecoder() {
    List<Segment> profiles =
        segments.stream().filter(s -> s.marker() == APP2 && begins(s, "ICC_PROFILE\0")).toList();
    boolean nameless =
        components() == 3
            && application(APP0, "JFIF\0").isEmpty()
            && adobeTransform().isEmpty()
            && !namesAreRgb();
    if (profiles.isEmpty() && !nameless) {
      return bytes;
    }
    ByteArrayOutputStream kept = new ByteArrayOutputStream(bytes.length + JFIF.length);
    kept.write(bytes, 0, 2);
    if (nameless) {
      kept.write(JFIF, 0, JFIF.length);
    }
    int at = 2;
    for (Segment profile : profiles) {
      kept.write(bytes, at, profile.at() - at);
      at = profile.at() + profile.length();
    }
    kept.write(bytes, at, bytes.length - at);
    return kept.toByteArray();
  }

  private boolean namesAreRgb() {
    return frame()
        .filter(s -> s.length() >= 19)
        .filter(
            s ->
                at(bytes, s.at() + 10) == 'R'
                    && at(bytes, s.at() + 13) == 'G'
                    && at(bytes, s.at() + 16) == 'B')
        .isPresent();
  }
}
