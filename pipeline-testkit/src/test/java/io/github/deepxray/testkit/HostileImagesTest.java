package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageFormat;
import io.github.deepxray.core.image.ImageFormats;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.JdkImageFormat;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever an image is made of, it is decoded or refused, in little time and memory. */
class HostileImagesTest {
  private static final long MAX_PIXELS = 1_000_000;

  /** Several copies of an image of so many pixels, and what a decoder needs besides. */
  private static final long MAX_BYTES = 64 * MAX_PIXELS;

  /** Of the processor, so that a busy machine does not count. */
  private static final long MAX_NANOS = 5_000_000_000L;

  private static final int SIDE = 40;

  /** Grey, colour, a palette, alpha, 1 bit and 16 bits. */
  private static final int[] TYPES = {
    BufferedImage.TYPE_BYTE_GRAY,
    BufferedImage.TYPE_3BYTE_BGR,
    BufferedImage.TYPE_BYTE_INDEXED,
    BufferedImage.TYPE_4BYTE_ABGR,
    BufferedImage.TYPE_BYTE_BINARY,
    BufferedImage.TYPE_USHORT_GRAY,
  };

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  static List<ImageFormat> formats() {
    return ImageFormats.all();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void spoiltImagesAreDecodedOrRefused(ImageFormat format) throws IOException {
    List<byte[]> seeds = seeds(format);
    ImageLimits limits = ImageLimits.DEFAULT.withMaxPixels(MAX_PIXELS);
    Map<String, Integer> ends = new TreeMap<>();
    int inputs = Mutations.inputs(300);
    long most = 0;
    long longest = 0;
    for (int i = 0; i < inputs; i++) {
      byte[] bytes = Mutations.mutate(seeds.get(i % seeds.size()), new SplittableRandom(i));
      long before = allocated();
      long start = threads.getCurrentThreadCpuTime();
      ends.merge(end(bytes, limits, format + " " + i), 1, Integer::sum);
      longest = Math.max(longest, threads.getCurrentThreadCpuTime() - start);
      most = Math.max(most, allocated() - before);
      assertThat(longest).as("nanoseconds for %s %s", format, i).isLessThan(MAX_NANOS);
      assertThat(most).as("bytes for %s %s", format, i).isLessThan(MAX_BYTES);
    }
    System.out.printf(
        "%d spoilt %s of %d seeds: %s, at most %d ms and %d MiB%n",
        inputs, format, seeds.size(), ends, longest / 1_000_000, most >> 20);
  }

  private static String end(byte[] bytes, ImageLimits limits, String name) {
    try {
      ImageCodec.header(bytes, name);
      RgbImage image = ImageCodec.decode(bytes, name, limits);
      assertThat((long) image.height() * image.width()).isLessThanOrEqualTo(MAX_PIXELS);
      assertThat(Resizer.resize(image, 32, 32).height()).isEqualTo(32);
      return "decoded";
    } catch (DeepXrayException e) {
      assertThat(e.getMessage()).contains(name).hasLineCount(1);
      return "refused";
    }
  }

  private long allocated() {
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  /** Small valid files in all the ways that the JDK can write the format. */
  private static List<byte[]> seeds(ImageFormat format) throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (int type : TYPES) {
      ImageWriter writer = ImageIO.getImageWritersByFormatName(format.name()).next();
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      if (parameters.canWriteProgressive()) {
        parameters.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        write(writer, type, parameters, seeds);
        parameters.setProgressiveMode(ImageWriteParam.MODE_DISABLED);
      }
      write(writer, type, parameters, seeds);
      parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      for (String compression : parameters.getCompressionTypes()) {
        parameters.setCompressionType(compression);
        write(writer, type, parameters, seeds);
        if (parameters.canWriteTiles()) {
          parameters.setTilingMode(ImageWriteParam.MODE_EXPLICIT);
          parameters.setTiling(16, 16, 0, 0);
          write(writer, type, parameters, seeds);
          parameters.setTilingMode(ImageWriteParam.MODE_COPY_FROM_METADATA);
        }
      }
      writer.dispose();
    }
    if (format.name().equals("jpeg")) {
      seeds.add(turned(seeds.get(0)));
    } else if (format.name().equals("tiff")) {
      seeds.add(twoPages());
    }
    assertThat(seeds).hasSizeGreaterThan(4);
    return seeds;
  }

  /** A JPEG with an Exif segment that tells its orientation. */
  private static byte[] turned(byte[] jpeg) {
    byte[] exif = HexFormat.of().parseHex("457869660000" + "4d4d002a00000008" + "0001");
    byte[] entry = HexFormat.of().parseHex("011200030000000100060000" + "00000000");
    ByteBuffer out = ByteBuffer.allocate(jpeg.length + 4 + exif.length + entry.length);
    out.put(jpeg, 0, 2).putShort((short) 0xffe1).putShort((short) (2 + exif.length + entry.length));
    return out.put(exif).put(entry).put(jpeg, 2, jpeg.length - 2).array();
  }

  private static byte[] twoPages() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.prepareWriteSequence(null);
      for (int side : new int[] {SIDE / 2, SIDE}) {
        BufferedImage page = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY);
        writer.writeToSequence(new IIOImage(page, null, null), null);
      }
      writer.endWriteSequence();
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  /** Adds a file, if the writer can make one of such an image. */
  private static void write(
      ImageWriter writer, int type, ImageWriteParam parameters, List<byte[]> seeds)
      throws IOException {
    BufferedImage image = new BufferedImage(SIDE, SIDE, type);
    for (int i = 0; i < SIDE * SIDE; i++) {
      image.setRGB(i % SIDE, i / SIDE, 0xff000000 | i * 7919);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), parameters);
    } catch (IOException | RuntimeException e) {
      // Not every compression takes every kind of image.
      return;
    }
    seeds.add(bytes.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"wide-64000000x1.png", "progressive-97-scans.jpg"})
  void imagesThatTakeLongAreRefusedAtOnce(String name) throws IOException {
    byte[] bytes = Files.readAllBytes(SharedData.hostile(name));
    // The first loads classes.
    refuses(bytes, name);
    long before = allocated();
    long start = threads.getCurrentThreadCpuTime();
    refuses(bytes, name);
    assertThat(threads.getCurrentThreadCpuTime() - start).isLessThan(1_000_000_000L);
    assertThat(allocated() - before).isLessThan(8 << 20);
  }

  private static void refuses(byte[] bytes, String name) {
    assertThatThrownBy(() -> ImageCodec.decode(bytes, name))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("allowed");
  }

  @Test
  void theLargestXrayIsDecodedAndResized() throws IOException {
    byte[] bytes =
        Files.readAllBytes(SharedData.fullResolution().resolve("NORMAL2-IM-0092-0001.jpeg"));
    RgbImage image =
        ImageCodec.decode(bytes, "x", ImageLimits.DEFAULT, List.of(new JdkImageFormat.Jpeg()))
            .image();
    assertThat(image.toString()).isEqualTo("6304 x 8572 RGB");
    assertThat(Resizer.resize(image, 224, 224).isGrey()).isTrue();
  }
}
