package io.github.deepxray.tensorflow.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.testkit.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/** How TensorFlow's decoder, which is in the SavedModel, differs from ours: see docs/limits. */
class ImageDifferencesTest {
  private static byte[] file(String name) throws IOException {
    return Files.readAllBytes(SharedData.cases("images/" + name));
  }

  /** What DecodeJpeg gives, as the SavedModel calls it. */
  private static RgbImage tensorFlow(byte[] file) {
    try (Graph graph = new Graph();
        TString bytes = TString.tensorOfBytes(NdArrays.scalarOfObject(file))) {
      Ops tf = Ops.create(graph);
      var fed = tf.placeholder(TString.class);
      var decoded =
          tf.image.decodeJpeg(
              fed, DecodeJpeg.channels(3L), DecodeJpeg.dctMethod("INTEGER_ACCURATE"));
      try (Session session = new Session(graph);
          Tensor result = session.runner().feed(fed, bytes).fetch(decoded).run().get(0)) {
        TUint8 pixels = (TUint8) result;
        byte[] values = new byte[(int) pixels.size()];
        pixels.asRawTensor().data().read(values);
        return RgbImage.of((int) pixels.shape().get(0), (int) pixels.shape().get(1), values);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gray.jpg",
        "rgb_444.jpg",
        "rgb_444_nojfif_ids012.jpg",
        "ref_gray.png",
        "ref_rgb.png",
        "png_16of12.png"
      })
  void wholeFilesAreReadAlike(String name) throws IOException {
    assertThat(ImageCodec.decode(file(name), name)).isEqualTo(tensorFlow(file(name)));
  }

  @Test
  void tensorFlowIgnoresTheOrientation() throws IOException {
    byte[] turned = file("gray_orient6.jpg");
    assertThat(tensorFlow(turned)).isEqualTo(tensorFlow(file("gray.jpg")));
    assertThat(ImageCodec.decode(turned, "x").height()).isEqualTo(tensorFlow(turned).width());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gray_ascii_lf2crlf.jpg",
        "gray_missing512.jpg",
        "gray_zerotail_eoi.jpg",
        "png_rgba_hiddenblack.png",
        "png_rgba_hiddenwhite.png",
        "png_all_in_alpha.png",
        "gray_arithmetic.jpg",
        "rgb_440.jpg"
      })
  void tensorFlowAcceptsWhatIsRefusedHere(String name) throws IOException {
    assertThat(tensorFlow(file(name)).height()).isEqualTo(512);
    assertThatThrownBy(() -> ImageCodec.decode(file(name), name))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageStartingWith(name);
  }
}
