package io.github.deepxray.tflite.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.GradCam;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import io.github.deepxray.tflite.internal.TfLiteEngine.Options;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.lite.schema.Buffer;
import org.tensorflow.lite.schema.SignatureDef;
import org.tensorflow.lite.support.metadata.MetadataExtractor;
import org.tensorflow.lite.support.metadata.schema.AssociatedFileType;
import org.tensorflow.lite.support.metadata.schema.ColorSpaceType;
import org.tensorflow.lite.support.metadata.schema.ImageProperties;
import org.tensorflow.lite.support.metadata.schema.ModelMetadata;
import org.tensorflow.lite.support.metadata.schema.NormalizationOptions;
import org.tensorflow.lite.support.metadata.schema.TensorMetadata;

class TfLiteMetadataTest {
  private static final TfLiteMetadata METADATA =
      new TfLiteMetadata(
          "Chest X-ray classifier",
          "Tells pneumonia from normal.",
          "1",
          "deepxray",
          "Apache-2.0",
          TfLiteMetadata.Input.pixels("A frontal chest X-ray.", Fit.STRETCH),
          new TfLiteMetadata.Output(
              "probability", "The probability of pneumonia.", List.of("NORMAL", "PNEUMONIA")),
          List.of());

  @TempDir private Path folder;

  private static byte[] model() {
    return TfLiteWriter.toBytes(
        new DynamicRangeQuantization()
            .apply(Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1)));
  }

  @Test
  void isReadByTensorFlowsExtractor() throws IOException {
    byte[] described = METADATA.addTo(model());

    MetadataExtractor extractor = new MetadataExtractor(ByteBuffer.wrap(described));
    assertThat(extractor.hasMetadata()).isTrue();
    assertThat(extractor.isMinimumParserVersionSatisfied()).isTrue();
    ModelMetadata metadata = extractor.getModelMetadata();
    assertThat(metadata.name()).isEqualTo("Chest X-ray classifier");
    assertThat(metadata.description()).isEqualTo("Tells pneumonia from normal.");
    assertThat(metadata.version()).isEqualTo("1");
    assertThat(metadata.author()).isEqualTo("deepxray");
    assertThat(metadata.license()).isEqualTo("Apache-2.0");
    assertThat(metadata.minParserVersion()).isEqualTo("1.0.0");

    assertThat(extractor.getInputTensorShape(0)).containsExactly(1, 32, 32, 3);
    TensorMetadata image = extractor.getInputTensorMetadata(0);
    assertThat(image.description()).isEqualTo("A frontal chest X-ray.");
    ImageProperties properties =
        (ImageProperties) image.content().contentProperties(new ImageProperties());
    assertThat(properties.colorSpace()).isEqualTo(ColorSpaceType.RGB);
    assertThat(properties.defaultSize().height()).isEqualTo(32);
    assertThat(properties.defaultSize().width()).isEqualTo(32);
    NormalizationOptions normalization =
        (NormalizationOptions) image.processUnits(0).options(new NormalizationOptions());
    assertThat(normalization.mean(0)).isEqualTo(0);
    assertThat(normalization.std(0)).isEqualTo(1);
    assertThat(image.stats().min(0)).isEqualTo(0);
    assertThat(image.stats().max(0)).isEqualTo(255);
    assertThat(image.associatedFiles(0).name()).isEqualTo("fit.txt");

    TensorMetadata output = extractor.getOutputTensorMetadata(0);
    assertThat(output.name()).isEqualTo("probability");
    assertThat(output.stats().max(0)).isEqualTo(1);
    assertThat(output.associatedFiles(0).name()).isEqualTo("labels.txt");
    // One score that tells two classes apart.
    assertThat(output.associatedFiles(0).type()).isEqualTo(AssociatedFileType.TENSOR_VALUE_LABELS);
    assertThat(extractor.getAssociatedFileNames())
        .containsExactlyInAnyOrder("labels.txt", "fit.txt");
    try (InputStream labels = extractor.getAssociatedFile("labels.txt")) {
      assertThat(new String(labels.readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo("NORMAL\nPNEUMONIA\n");
    }
  }

  @ParameterizedTest
  @EnumSource(Fit.class)
  void recordsTheFit(Fit fit) throws IOException {
    Path file = folder.resolve("model.tflite");
    TfLiteFormat format = new TfLiteFormat();
    Files.write(file, model());
    assertThat(format.fit(file)).isEmpty();
    ModelNotes.Output output = new ModelNotes.Output("probability", "A number.");
    format.copy(
        file, new ModelNotes("n", "d", "i", fit, List.of(output), List.of("A", "B"), false), file);
    assertThat(format.fit(file)).hasValue(fit);
    assertThat(format.labels(file)).containsExactly("A", "B");
    // In the archive, it is not compressed.
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    bytes[text.lastIndexOf(fit.key() + "\n")] = 'x';
    Files.write(file, bytes);
    assertThatThrownBy(() -> format.fit(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("fit.txt");
  }

  @Test
  void isAZipArchiveOfTheLabels() throws IOException {
    Path file = folder.resolve("model.tflite");
    Files.write(file, METADATA.addTo(model()));
    try (ZipFile zip = new ZipFile(file.toFile());
        InputStream labels = zip.getInputStream(zip.getEntry("labels.txt"))) {
      assertThat(zip.size()).isEqualTo(2);
      assertThat(new String(labels.readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo("NORMAL\nPNEUMONIA\n");
    }
  }

  @Test
  void leavesTheModelAsItWas() {
    byte[] plain = model();
    byte[] described = METADATA.addTo(plain);
    assertThat(described.length - plain.length).isBetween(500, 10_000);
    float[] image = Fixtures.randomImages(Fixtures.smallNetwork(32), 1, 2);
    for (Options options : List.of(Options.DEFAULT, Options.DEFAULT.withoutDelegate())) {
      try (TfLiteEngine before = TfLiteEngine.load(plain, options);
          TfLiteEngine after = TfLiteEngine.load(described, options)) {
        assertThat(after.run(image, 1)).isDeepEqualTo(before.run(image, 1));
        assertThat(after.signatureKeys()).isEqualTo(before.signatureKeys());
        assertThat(after.outputNames()).isEqualTo(before.outputNames());
        assertThat(after.planSize()).isEqualTo(before.planSize());
      }
    }
    org.tensorflow.lite.schema.Model parsed =
        org.tensorflow.lite.schema.Model.getRootAsModel(ByteBuffer.wrap(described));
    for (int i = 0; i < parsed.buffersLength(); i++) {
      Buffer buffer = parsed.buffers(i);
      assertThat(buffer.dataLength() == 0 || buffer.dataAsByteBuffer().position() % 16 == 0)
          .isTrue();
    }
  }

  @Test
  void givesTheSameBytesOnceAndAgain() {
    byte[] described = METADATA.addTo(model());
    assertThat(METADATA.addTo(model())).isEqualTo(described);
    // Metadata that is there already is replaced.
    assertThat(METADATA.addTo(described)).isEqualTo(described);
  }

  @Test
  void replacesEarlierMetadata() throws IOException {
    TfLiteMetadata other =
        new TfLiteMetadata(
            "Other",
            "",
            "2",
            "",
            "",
            new TfLiteMetadata.Input(
                "An image.", Fit.CROP, List.of(127.5f), List.of(127.5f), -1, 1),
            new TfLiteMetadata.Output("score", "", List.of("ILL")),
            List.of());
    byte[] twice = other.addTo(METADATA.addTo(model()));
    MetadataExtractor extractor = new MetadataExtractor(ByteBuffer.wrap(twice));
    assertThat(extractor.getModelMetadata().name()).isEqualTo("Other");
    assertThat(extractor.getOutputTensorMetadata(0).associatedFiles(0).type())
        .isEqualTo(AssociatedFileType.TENSOR_AXIS_LABELS);
    try (InputStream labels = extractor.getAssociatedFile("labels.txt")) {
      assertThat(new String(labels.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("ILL\n");
    }
    assertThat(extractor.getInputTensorMetadata(0).stats().min(0)).isEqualTo(-1);
    org.tensorflow.lite.schema.Model parsed =
        org.tensorflow.lite.schema.Model.getRootAsModel(ByteBuffer.wrap(twice));
    assertThat(parsed.metadataLength()).isEqualTo(1);
  }

  @Test
  void describesFurtherOutputs() throws IOException {
    TfLiteMetadata metadata =
        new TfLiteMetadata(
            METADATA.name(),
            METADATA.description(),
            METADATA.version(),
            METADATA.author(),
            METADATA.license(),
            METADATA.input(),
            METADATA.output(),
            List.of(new TfLiteMetadata.Feature("heat_map", "Where it is seen.")));
    byte[] model =
        TfLiteWriter.toBytes(
            new GradCam().apply(Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1)));
    byte[] described = metadata.addTo(model);
    MetadataExtractor extractor = new MetadataExtractor(ByteBuffer.wrap(described));
    assertThat(extractor.getOutputTensorCount()).isEqualTo(2);
    assertThat(extractor.getOutputTensorMetadata(0).name()).isEqualTo("probability");
    assertThat(extractor.getOutputTensorMetadata(0).associatedFilesLength()).isEqualTo(1);
    TensorMetadata map = extractor.getOutputTensorMetadata(1);
    assertThat(map.name()).isEqualTo("heat_map");
    assertThat(map.description()).isEqualTo("Where it is seen.");
    assertThat(map.stats().min(0)).isZero();
    assertThat(map.stats().maxLength()).isZero();
    assertThat(map.associatedFilesLength()).isZero();
    assertThat(extractor.getOutputTensorShape(1)).containsExactly(1, 8, 8, 1);
    assertThatThrownBy(() -> METADATA.addTo(model))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("one output");
    assertThatThrownBy(() -> metadata.addTo(model()))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("2 outputs");
  }

  /** As export writes a classifier with an input guard. */
  @Test
  void describesAnInputGuard() throws IOException {
    Model model = Fixtures.guarded(Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1), 2);
    Path file = folder.resolve("model.tflite");
    ModelNotes notes =
        new ModelNotes(
            "n",
            "d",
            "i",
            Fit.STRETCH,
            List.of(
                new ModelNotes.Output("probability", "A number."),
                new ModelNotes.Output(ModelNotes.UNFAMILIARITY, "How unlike.")),
            List.of("A", "B"),
            false);
    TfLiteFormat format = new TfLiteFormat();
    format.write(model, notes, file);
    byte[] bytes = Files.readAllBytes(file);
    MetadataExtractor extractor = new MetadataExtractor(ByteBuffer.wrap(bytes));
    assertThat(extractor.getOutputTensorCount()).isEqualTo(2);
    assertThat(extractor.getOutputTensorMetadata(1).name()).isEqualTo("unfamiliarity");
    assertThat(extractor.getOutputTensorMetadata(1).description()).isEqualTo("How unlike.");
    assertThat(extractor.getOutputTensorShape(1)).containsExactly(1, 1);
    SignatureDef signature =
        org.tensorflow.lite.schema.Model.getRootAsModel(ByteBuffer.wrap(bytes)).signatureDefs(0);
    assertThat(signature.signatureKey()).isEqualTo("serving_default");
    assertThat(IntStream.range(0, 2).mapToObj(i -> signature.outputs(i).name()))
        .containsExactly("probability", "unfamiliarity");
    float[] image = Fixtures.randomImages(model.network(), 1, 2);
    Map<String, double[]> expected = new ReferenceInterpreter(model).run(image);
    try (InferenceEngine engine = format.load(file, 1)) {
      assertThat(((TfLiteEngine) engine).outputNames())
          .containsExactly("probability", "unfamiliarity");
      float[][] outputs = engine.run(image, 1);
      assertThat(outputs[0][0]).isCloseTo((float) expected.get("probability")[0], within(1e-5f));
      assertThat(outputs[1][0]).isCloseTo((float) expected.get("unfamiliarity")[0], within(1e-5f));
    }
  }

  @Test
  void refusesLabelsThatDoNotFit() {
    TfLiteMetadata three =
        new TfLiteMetadata(
            "m",
            "",
            "1",
            "",
            "",
            TfLiteMetadata.Input.pixels("", Fit.STRETCH),
            new TfLiteMetadata.Output("p", "", List.of("A", "B", "C")),
            List.of());
    byte[] model = model();
    assertThatThrownBy(() -> three.addTo(model))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("1 scores")
        .hasMessageContaining("3 labels");
    assertThatThrownBy(() -> new TfLiteMetadata.Output("p", "", List.of("A\nB")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new TfLiteMetadata.Output("p", "", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> new TfLiteMetadata.Input("", Fit.CROP, List.of(0f), List.of(0f), 0, 255))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesWhatIsNoModelOfImages() throws IOException {
    byte[] good = model();
    for (byte[] content :
        List.of(new byte[0], new byte[100], Arrays.copyOf(good, good.length / 3))) {
      assertThatThrownBy(() -> METADATA.addTo(content)).isInstanceOf(DeepXrayException.class);
    }
    Network head =
        new Network(
            "head",
            "features",
            List.of(4),
            List.of(new Layer.Dense("logit", "features", 1, true)),
            List.of("logit"));
    Model vectors = Fixtures.withRandomWeights(head, 3);
    assertThatThrownBy(() -> METADATA.addTo(TfLiteWriter.toBytes(vectors)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("[1, H, W, 3]");
  }
}
