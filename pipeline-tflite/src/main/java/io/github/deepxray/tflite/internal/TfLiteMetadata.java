package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.io.ReproducibleZip;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.zip.ZipOutputStream;
import org.tensorflow.lite.schema.Metadata;
import org.tensorflow.lite.schema.MetadataT;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.Operator;
import org.tensorflow.lite.schema.OperatorCode;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.QuantizationParameters;
import org.tensorflow.lite.schema.QuantizationParametersT;
import org.tensorflow.lite.schema.SignatureDef;
import org.tensorflow.lite.schema.SparsityParameters;
import org.tensorflow.lite.schema.SparsityParametersT;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.SubGraphT;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorT;
import org.tensorflow.lite.schema.TensorType;
import org.tensorflow.lite.schema.VariantSubType;
import org.tensorflow.lite.schema.VariantSubTypeT;
import org.tensorflow.lite.support.metadata.schema.AssociatedFileT;
import org.tensorflow.lite.support.metadata.schema.AssociatedFileType;
import org.tensorflow.lite.support.metadata.schema.ColorSpaceType;
import org.tensorflow.lite.support.metadata.schema.ContentProperties;
import org.tensorflow.lite.support.metadata.schema.ContentPropertiesUnion;
import org.tensorflow.lite.support.metadata.schema.ContentT;
import org.tensorflow.lite.support.metadata.schema.FeaturePropertiesT;
import org.tensorflow.lite.support.metadata.schema.ImagePropertiesT;
import org.tensorflow.lite.support.metadata.schema.ImageSizeT;
import org.tensorflow.lite.support.metadata.schema.ModelMetadata;
import org.tensorflow.lite.support.metadata.schema.ModelMetadataT;
import org.tensorflow.lite.support.metadata.schema.NormalizationOptionsT;
import org.tensorflow.lite.support.metadata.schema.ProcessUnitOptions;
import org.tensorflow.lite.support.metadata.schema.ProcessUnitOptionsUnion;
import org.tensorflow.lite.support.metadata.schema.ProcessUnitT;
import org.tensorflow.lite.support.metadata.schema.StatsT;
import org.tensorflow.lite.support.metadata.schema.SubGraphMetadataT;
import org.tensorflow.lite.support.metadata.schema.TensorMetadataT;

/**
 * Metadata of an image classifier's file, in the format of TFLite Metadata: names and descriptions,
 * normalization of the image, meaning of the outputs. Android's Task Library and MediaPipe read it;
 * {@code unzip} extracts the labels.
 *
 * <p>The metadata is a flatbuffer inside the model's; the files {@value #LABELS} and {@value #FIT}
 * are in an uncompressed zip archive behind it.
 *
 * @param name the model's name
 * @param description the purpose of the model
 * @param version the model's version
 * @param author the author
 * @param license the license, such as {@code Apache-2.0}
 * @param input the image
 * @param output the scores, the first output
 * @param others the outputs after it, in order
 */
public record TfLiteMetadata(
    String name,
    String description,
    String version,
    String author,
    String license,
    Input input,
    Output output,
    List<Feature> others) {
  /** Name of the file of labels, one per line. */
  public static final String LABELS = "labels.txt";

  /** Name of the file with the {@link Fit} of images, one word. */
  public static final String FIT = "fit.txt";

  // Name under which readers find the metadata's buffer.
  private static final String METADATA = "TFLITE_METADATA";

  // First version of the parser that supports all fields used here.
  private static final String MIN_PARSER_VERSION = "1.0.0";

  // Last operator of the schema's classes; a newer one may have options that they lose.
  private static final int LAST_OPERATOR = 161;

  // Sizes and offsets of the zip format (PKWARE APPNOTE 4.3.12 and 4.3.16).
  private static final int END_RECORD_SIZE = 22;
  private static final int END_ENTRIES = 10;
  private static final int END_DIRECTORY_OFFSET = 16;
  private static final int HEADER_SIZE = 46;
  private static final int HEADER_NAME_LENGTH = 28;
  private static final int HEADER_EXTRA_LENGTH = 30;
  private static final int HEADER_COMMENT_LENGTH = 32;
  private static final int HEADER_LOCAL_OFFSET = 42;

  /**
   * Input image: RGB values, which the model expects as {@code (x - mean) / std}.
   *
   * @param description the content of the image
   * @param fit how an image of another shape becomes the input
   * @param mean one value for all channels or one per channel
   * @param std one value for all channels or one per channel
   * @param min the smallest value after normalization
   * @param max the largest value after normalization
   */
  public record Input(
      String description, Fit fit, List<Float> mean, List<Float> std, float min, float max) {
    /** Checks and copies the lists. */
    public Input {
      mean = List.copyOf(mean);
      std = List.copyOf(std);
      if (mean.isEmpty() || mean.size() != std.size() || std.contains(0f)) {
        throw new IllegalArgumentException("mean " + mean + " and std " + std + " do not fit");
      }
    }

    /**
     * Returns the input of a model that normalizes itself and reads values 0..255: mean 0 and
     * standard deviation 1.
     */
    public static Input pixels(String description, Fit fit) {
      return new Input(description, fit, List.of(0f), List.of(1f), 0, 255);
    }
  }

  /**
   * Output scores, between 0 and 1.
   *
   * @param name the name, for example {@code probability}
   * @param description the meaning
   * @param labels the class of each score; for a single score also two: the classes of 0 and 1
   */
  public record Output(String name, String description, List<String> labels) {
    /** Checks and copies the labels. */
    public Output {
      labels = List.copyOf(labels);
      if (labels.isEmpty()) {
        throw new IllegalArgumentException("no labels");
      }
      for (String label : labels) {
        if (label.isBlank() || label.contains("\n") || label.contains("\r")) {
          throw new IllegalArgumentException("a label must be one line: '" + label + "'");
        }
      }
    }
  }

  /**
   * Output values other than scores, 0 or more.
   *
   * @param name the name, for example {@code heat_map}
   * @param description the meaning
   */
  public record Feature(String name, String description) {}

  /** Copies the list. */
  public TfLiteMetadata {
    others = List.copyOf(others);
  }

  /**
   * Adds this metadata to a model, replacing earlier metadata; equal models give equal bytes.
   *
   * @param model a {@code .tflite} file with one input {@code [1, H, W, 3]} and as many outputs as
   *     described, the first of them {@code [1, classes]}
   * @throws DeepXrayException if the model has another form, the labels do not fit its output or it
   *     has operators added to TFLite after 2023
   */
  public byte[] addTo(byte[] model) {
    ByteBuffer bytes = ByteBuffer.wrap(model).order(ByteOrder.LITTLE_ENDIAN);
    if (model.length < 2 * Integer.BYTES || !Model.ModelBufferHasIdentifier(bytes)) {
      throw new DeepXrayException("Metadata can only be added to a TFLite model; this is not one.");
    }
    Model parsed;
    try {
      parsed = Model.getRootAsModel(bytes);
      return withFiles(rewrite(parsed, describe(parsed)));
    } catch (IndexOutOfBoundsException | NullPointerException e) {
      throw new DeepXrayException(
          "Metadata cannot be added: the TFLite model is damaged; write it again.", e);
    }
  }

  private byte[] describe(Model model) {
    if (model.subgraphsLength() != 1
        || model.subgraphs(0).inputsLength() != 1
        || model.subgraphs(0).outputsLength() != 1 + others.size()) {
      throw new DeepXrayException(
          "Metadata can be added to a TFLite model with one input and %s only."
              .formatted(others.isEmpty() ? "one output" : 1 + others.size() + " outputs"));
    }
    SubGraph graph = model.subgraphs(0);
    ModelMetadataT metadata = new ModelMetadataT();
    metadata.setName(name);
    metadata.setDescription(description);
    metadata.setVersion(version);
    metadata.setAuthor(author);
    metadata.setLicense(license);
    metadata.setMinParserVersion(MIN_PARSER_VERSION);
    SubGraphMetadataT subgraph = new SubGraphMetadataT();
    subgraph.setInputTensorMetadata(
        new TensorMetadataT[] {describeInput(graph.tensors(graph.inputs(0)))});
    TensorMetadataT[] outputs = new TensorMetadataT[1 + others.size()];
    outputs[0] = describeOutput(graph.tensors(graph.outputs(0)));
    for (int i = 1; i < outputs.length; i++) {
      outputs[i] = describe(others.get(i - 1));
    }
    subgraph.setOutputTensorMetadata(outputs);
    metadata.setSubgraphMetadata(new SubGraphMetadataT[] {subgraph});
    FlatBufferBuilder builder = new FlatBufferBuilder();
    ModelMetadata.finishModelMetadataBuffer(builder, ModelMetadata.pack(builder, metadata));
    return builder.sizedByteArray();
  }

  private TensorMetadataT describeInput(Tensor tensor) {
    if (tensor.shapeLength() != 4 || tensor.shape(3) != 3) {
      throw new DeepXrayException(
          "Metadata can be added to a TFLite model of RGB images [1, H, W, 3] only.");
    }
    ImageSizeT size = new ImageSizeT();
    size.setHeight(tensor.shape(1));
    size.setWidth(tensor.shape(2));
    ImagePropertiesT image = new ImagePropertiesT();
    image.setColorSpace(ColorSpaceType.RGB);
    image.setDefaultSize(size);
    NormalizationOptionsT normalization = new NormalizationOptionsT();
    normalization.setMean(floats(input.mean()));
    normalization.setStd(floats(input.std()));
    ProcessUnitOptionsUnion options = new ProcessUnitOptionsUnion();
    options.setType(ProcessUnitOptions.NormalizationOptions);
    options.setValue(normalization);
    ProcessUnitT unit = new ProcessUnitT();
    unit.setOptions(options);

    TensorMetadataT metadata = new TensorMetadataT();
    metadata.setName("image");
    metadata.setDescription(input.description());
    metadata.setContent(content(ContentProperties.ImageProperties, image));
    metadata.setProcessUnits(new ProcessUnitT[] {unit});
    metadata.setStats(stats(tensor, input.mean().size(), input.min(), input.max()));
    AssociatedFileT file = new AssociatedFileT();
    file.setName(FIT);
    file.setDescription("What happens to images of another size: stretch, crop or pad.");
    file.setType(AssociatedFileType.DESCRIPTIONS);
    metadata.setAssociatedFiles(new AssociatedFileT[] {file});
    return metadata;
  }

  private TensorMetadataT describeOutput(Tensor tensor) {
    int rank = tensor.shapeLength();
    int scores = rank == 0 ? 0 : tensor.shape(rank - 1);
    List<String> labels = output.labels();
    boolean binary = scores == 1 && labels.size() == 2;
    if (labels.size() != scores && !binary) {
      throw new DeepXrayException(
          "The model gives " + scores + " scores, but there are " + labels.size() + " labels.");
    }
    AssociatedFileT file = new AssociatedFileT();
    file.setName(LABELS);
    file.setDescription(
        binary ? "What a score of 0 and one of 1 mean." : "The class of each score.");
    file.setType(
        binary ? AssociatedFileType.TENSOR_VALUE_LABELS : AssociatedFileType.TENSOR_AXIS_LABELS);

    TensorMetadataT metadata = new TensorMetadataT();
    metadata.setName(output.name());
    metadata.setDescription(output.description());
    metadata.setContent(content(ContentProperties.FeatureProperties, new FeaturePropertiesT()));
    metadata.setStats(stats(tensor, 1, 0, 1));
    metadata.setAssociatedFiles(new AssociatedFileT[] {file});
    return metadata;
  }

  private static TensorMetadataT describe(Feature feature) {
    TensorMetadataT metadata = new TensorMetadataT();
    metadata.setName(feature.name());
    metadata.setDescription(feature.description());
    metadata.setContent(content(ContentProperties.FeatureProperties, new FeaturePropertiesT()));
    StatsT stats = new StatsT();
    stats.setMin(new float[] {0});
    metadata.setStats(stats);
    return metadata;
  }

  private static ContentT content(byte type, Object properties) {
    ContentPropertiesUnion union = new ContentPropertiesUnion();
    union.setType(type);
    union.setValue(properties);
    ContentT content = new ContentT();
    content.setContentProperties(union);
    return content;
  }

  private static StatsT stats(Tensor tensor, int channels, float min, float max) {
    StatsT stats = new StatsT();
    // Integers are stored values; the range is of real numbers.
    boolean real = tensor.type() == TensorType.FLOAT32;
    stats.setMin(floats(Collections.nCopies(channels, real ? min : 0f)));
    stats.setMax(floats(Collections.nCopies(channels, real ? max : 255f)));
    return stats;
  }

  /** Writes the model again, with the metadata in place of earlier metadata or at the end. */
  private static byte[] rewrite(Model model, byte[] metadata) {
    int size = Arrays.stream(each(model.buffersLength(), i -> model.buffers(i).dataLength())).sum();
    FlatBufferBuilder builder = new FlatBufferBuilder(size + metadata.length + (1 << 20));
    int target = metadataBuffer(model);
    int[] buffers = new int[Math.max(target + 1, model.buffersLength())];
    for (int i = 0; i < buffers.length; i++) {
      // The schema's own copy would lose the alignment of the data.
      ByteBuffer data =
          i == target ? ByteBuffer.wrap(metadata) : model.buffers(i).dataAsByteBuffer();
      buffers[i] = data == null ? FlatGraph.emptyBuffer(builder) : FlatGraph.buffer(builder, data);
    }

    int[] codes = each(model.operatorCodesLength(), i -> code(builder, model.operatorCodes(i)));
    QuantizationTables tables = new QuantizationTables(builder);
    int[] subgraphs =
        each(
            model.subgraphsLength(),
            i -> subgraph(builder, withoutEmptyVectors(model.subgraphs(i).unpack()), tables));
    int[] signatures =
        each(
            model.signatureDefsLength(),
            i -> SignatureDef.pack(builder, model.signatureDefs(i).unpack()));
    int[] entries = entries(builder, model, target);
    String description = model.description() == null ? "" : model.description();
    int root =
        Model.createModel(
            builder,
            model.version(),
            Model.createOperatorCodesVector(builder, codes),
            Model.createSubgraphsVector(builder, subgraphs),
            builder.createString(description),
            Model.createBuffersVector(builder, buffers),
            0,
            Model.createMetadataVector(builder, entries),
            signatures.length == 0 ? 0 : Model.createSignatureDefsVector(builder, signatures));
    Model.finishModelBuffer(builder, root);
    return builder.sizedByteArray();
  }

  private static int[] entries(FlatBufferBuilder builder, Model model, int target) {
    IntStream.Builder entries = IntStream.builder();
    for (int i = 0; i < model.metadataLength(); i++) {
      MetadataT entry = model.metadata(i).unpack();
      if (!METADATA.equals(entry.getName())) {
        entries.add(Metadata.pack(builder, entry));
      }
    }
    entries.add(Metadata.createMetadata(builder, builder.createString(METADATA), target));
    return entries.build().toArray();
  }

  private static int[] each(int count, IntUnaryOperator write) {
    return IntStream.range(0, count).map(write).toArray();
  }

  private static int code(FlatBufferBuilder builder, OperatorCode code) {
    if (code.builtinCode() > LAST_OPERATOR) {
      throw new DeepXrayException(
          "Metadata cannot be added: the TFLite model has an operator of code %s, which is too new to be copied."
              .formatted(code.builtinCode()));
    }
    return OperatorCode.pack(builder, code.unpack());
  }

  private static int subgraph(
      FlatBufferBuilder builder, SubGraphT graph, QuantizationTables quantizations) {
    TensorT[] all = graph.getTensors();
    int[] tensors = each(all.length, i -> tensor(builder, all[i], quantizations));
    int[] operators =
        each(graph.getOperators().length, i -> Operator.pack(builder, graph.getOperators()[i]));
    return SubGraph.createSubGraph(
        builder,
        SubGraph.createTensorsVector(builder, tensors),
        SubGraph.createInputsVector(builder, graph.getInputs()),
        SubGraph.createOutputsVector(builder, graph.getOutputs()),
        SubGraph.createOperatorsVector(builder, operators),
        graph.getName() == null ? 0 : builder.createString(graph.getName()));
  }

  private static int tensor(
      FlatBufferBuilder builder, TensorT tensor, QuantizationTables quantizations) {
    VariantSubTypeT[] all = tensor.getVariantTensors();
    int[] variants = each(all == null ? 0 : all.length, i -> VariantSubType.pack(builder, all[i]));
    SparsityParametersT sparsity = tensor.getSparsity();
    int[] shapeSignature = tensor.getShapeSignature();
    return Tensor.createTensor(
        builder,
        tensor.getShape() == null ? 0 : Tensor.createShapeVector(builder, tensor.getShape()),
        tensor.getType(),
        tensor.getBuffer(),
        tensor.getName() == null ? 0 : builder.createString(tensor.getName()),
        quantization(builder, tensor.getQuantization(), quantizations),
        tensor.getIsVariable(),
        sparsity == null ? 0 : SparsityParameters.pack(builder, sparsity),
        shapeSignature == null ? 0 : Tensor.createShapeSignatureVector(builder, shapeSignature),
        tensor.getHasRank(),
        variants.length == 0 ? 0 : Tensor.createVariantTensorsVector(builder, variants));
  }

  /** Shares equal tables; the schema's own copy would write one for each tensor. */
  private static int quantization(
      FlatBufferBuilder builder, QuantizationParametersT source, QuantizationTables quantizations) {
    if (source == null) {
      return 0;
    }
    boolean plain =
        source.getScale() != null
            && source.getZeroPoint() != null
            && (source.getMin() == null || source.getMin().length == 0)
            && (source.getMax() == null || source.getMax().length == 0)
            && (source.getDetails() == null || source.getDetails().getType() == 0);
    if (!plain) {
      return QuantizationParameters.pack(builder, source);
    }
    List<Float> scales = new ArrayList<>();
    for (float scale : source.getScale()) {
      scales.add(scale);
    }
    List<Long> zeroPoints = Arrays.stream(source.getZeroPoint()).boxed().toList();
    return quantizations.write(
        new FlatGraph.Quantization(scales, zeroPoints, source.getQuantizedDimension()));
  }

  private static int metadataBuffer(Model model) {
    for (int i = 0; i < model.metadataLength(); i++) {
      if (METADATA.equals(model.metadata(i).name())) {
        return Math.toIntExact(model.metadata(i).buffer());
      }
    }
    return model.buffersLength();
  }

  /**
   * Replaces empty vectors by absent ones: unpacking makes them empty, and TFLite rejects a
   * built-in operator with custom options, even empty ones.
   */
  private static SubGraphT withoutEmptyVectors(SubGraphT graph) {
    for (OperatorT operator : graph.getOperators()) {
      operator.setCustomOptions(absentIfEmpty(operator.getCustomOptions()));
      operator.setMutatingVariableInputs(absentIfEmpty(operator.getMutatingVariableInputs()));
      operator.setIntermediates(absentIfEmpty(operator.getIntermediates()));
    }
    for (TensorT tensor : graph.getTensors()) {
      tensor.setShapeSignature(absentIfEmpty(tensor.getShapeSignature()));
      tensor.setVariantTensors(absentIfEmpty(tensor.getVariantTensors()));
      SparsityParametersT sparsity = tensor.getSparsity();
      if (sparsity != null) {
        sparsity.setBlockMap(absentIfEmpty(sparsity.getBlockMap()));
      }
    }
    return graph;
  }

  private static <T> T absentIfEmpty(T vector) {
    return vector == null || Array.getLength(vector) == 0 ? null : vector;
  }

  private byte[] withFiles(byte[] model) {
    byte[] archive = archive();
    shift(archive, model.length);
    ByteArrayOutputStream out = new ByteArrayOutputStream(model.length + archive.length);
    out.writeBytes(model);
    out.writeBytes(archive);
    return out.toByteArray();
  }

  private byte[] archive() {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(archive)) {
      ReproducibleZip.store(zip, LABELS, lines(output.labels()));
      ReproducibleZip.store(zip, FIT, lines(List.of(input.fit().key())));
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return archive.toByteArray();
  }

  private static byte[] lines(List<String> lines) {
    return (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Shifts the archive's offsets to count from the start of the file it is appended to. */
  private static void shift(byte[] archive, int by) {
    ByteBuffer bytes = ByteBuffer.wrap(archive).order(ByteOrder.LITTLE_ENDIAN);
    int end = archive.length - END_RECORD_SIZE;
    int header = bytes.getInt(end + END_DIRECTORY_OFFSET);
    bytes.putInt(end + END_DIRECTORY_OFFSET, header + by);
    for (int entry = 0; entry < bytes.getShort(end + END_ENTRIES); entry++) {
      int offset = header + HEADER_LOCAL_OFFSET;
      bytes.putInt(offset, bytes.getInt(offset) + by);
      header +=
          HEADER_SIZE
              + bytes.getShort(header + HEADER_NAME_LENGTH)
              + bytes.getShort(header + HEADER_EXTRA_LENGTH)
              + bytes.getShort(header + HEADER_COMMENT_LENGTH);
    }
  }

  private static float[] floats(List<Float> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }
}
