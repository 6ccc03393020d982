package io.github.deepxray.core.image;

/**
 * Number of scans and size of a JPEG from its markers (ITU-T T.81, annex B); all 0 for another
 * format.
 *
 * @param scans the number of scans; even a short scan costs time for the whole image
 * @param height of the first frame, in pixels
 * @param width of the first frame, in pixels
 */
record JpegOutline(int scans, int height, int width) {
  private static final int TEM = 0x01;
  private static final int RST0 = 0xd0;
  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int FILL = 0xff;

  static JpegOutline of(byte[] bytes) {
    if (bytes.length < 2 || at(bytes, 0) != FILL || at(bytes, 1) != SOI) {
      return new JpegOutline(0, 0, 0);
    }
    int scans = 0;
    int frame = 0;
    int at = 2;
    while (at + 4 <= bytes.length) {
      int marker = at(bytes, at + 1);
      if (at(bytes, at) != FILL || marker == 0 || marker == FILL) {
        // The data of a scan or filler, up to the next marker.
        at++;
      } else if (marker == EOI && scans > 0) {
        break;
      } else if (marker == TEM || (marker >= RST0 && marker <= EOI)) {
        // Markers without a length. If only tables came before the end, more follows.
        at += 2;
      } else {
        scans += marker == SOS ? 1 : 0;
        frame = frame == 0 && JpegMarkers.isFrame(marker) ? at : frame;
        at += 2 + Math.max(two(bytes, at + 2), 2);
      }
    }
    return frame == 0 || frame + 9 > bytes.length
        ? new JpegOutline(scans, 0, 0)
        : new JpegOutline(scans, two(bytes, frame + 5), two(bytes, frame + 7));
  }

  private static int two(byte[] bytes, int index) {
    return (at(bytes, index) << 8) | at(bytes, index + 1);
  }

  private static int at(byte[] bytes, int index) {
    return bytes[index] & 0xff;
  }

  /** The pixels of the frame. */
  long pixels() {
    return (long) height * width;
  }
}
