package io.github.deepxray.export.internal;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.format.ModelForm;
import io.github.deepxray.core.format.ModelForm.Kind;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.optimize.internal.GradCam;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.WeightOnlyQuantization;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.report.internal.ClassVocabulary;
import io.github.deepxray.report.internal.HeatMapCheck;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.QuantizedForms;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.head.HeadNetworks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Writer of a trained classifier in all forms of a bundle's formats. */
final class FormWriter {
  private final ModelPurpose purpose;
  private final BundleSpec options;
  private final TrainedModel trained;
  private final InputGuard guard;
  private final DatasetProfile profile;
  private final List<ModelFormat> formats;
  private final Map<Kind, Model> models = new EnumMap<>(Kind.class);

  FormWriter(
      ModelPurpose purpose,
      BundleSpec options,
      TrainedModel trained,
      InputGuard guard,
      DatasetProfile profile) {
    this.purpose = purpose;
    this.options = options;
    this.trained = trained;
    this.guard = guard;
    this.profile = profile;
    formats = options.writes();
  }

  /** Writes the forms that are created from the classifier without the quantize stage. */
  List<QuantizedForms.Form> write(Path folder) throws IOException {
    List<QuantizedForms.Form> written = new ArrayList<>();
    for (ModelFormat format : formats) {
      for (ModelForm form : format.forms()) {
        if (form.kind() == Kind.FLOAT || form.kind() == Kind.DYNAMIC) {
          Model model = models.computeIfAbsent(form.kind(), this::model);
          format.write(model, guardedNotes(words(form.kind())), folder.resolve(form.path()));
          written.add(
              new QuantizedForms.Form(
                  form.key(),
                  form.path(),
                  words(form.kind()),
                  Optional.of(Sparsity.of(model).total()),
                  trained.description().decision().decision().threshold(),
                  List.of()));
        }
      }
    }
    return written;
  }

  /** Writes the float32 classifier. */
  void writeFloat32(Path file) throws IOException {
    ModelFormats.named(Artifact.FLOAT32.format())
        .write(model(Kind.FLOAT), guardedNotes(words(Kind.FLOAT)), file);
  }

  /** Writes the model with heat maps, if one of the formats has such a form. */
  Optional<HeatMapCheck> explain(PreparedDataset dataset, Path folder) throws IOException {
    for (ModelFormat format : formats) {
      for (ModelForm form : format.forms()) {
        if (form.kind() == Kind.EXPLAINING) {
          Path file = folder.resolve(form.path());
          Model exact = Passes.explaining().apply(trained.model());
          format.write(
              new WeightOnlyQuantization(Set.of()).apply(exact),
              notes(words(Kind.DYNAMIC) + ", with a heat map", heatMap()),
              file);
          return Optional.of(HeatMapComparison.of(file, exact, dataset));
        }
      }
    }
    return Optional.empty();
  }

  /** Whether one of the formats has this form. */
  boolean takes(QuantizedForms.Form form) {
    return formats.stream().anyMatch(format -> format.name().equals(format(form)));
  }

  private static String format(QuantizedForms.Form form) {
    return Artifact.of(form.artifact()).format();
  }

  /** Copies a form from the folder of the quantize stage. */
  void copy(QuantizedForms.Form form, Path quantized, Path folder) throws IOException {
    ModelFormats.named(format(form))
        .copy(
            quantized.resolve(form.file()),
            guardedNotes(form.description()),
            folder.resolve(Artifact.of(form.artifact()).path()));
  }

  private Model model(Kind kind) {
    return switch (kind) {
      case FLOAT -> Passes.forInference().apply(guarded());
      case DYNAMIC -> Passes.dynamicRange().apply(guarded());
      case EXPLAINING, QUANTIZED ->
          throw new IllegalArgumentException(kind + " is not judged here");
    };
  }

  private Model guarded() {
    return guard.attach(trained.model(), trained.features());
  }

  private static String words(Kind kind) {
    return kind == Kind.FLOAT ? "32-bit float weights" : QuantizationMode.DYNAMIC.description();
  }

  private ModelNotes guardedNotes(String form) {
    return guard.network().isEmpty() ? notes(form) : notes(form, unfamiliarity());
  }

  private ModelNotes notes(String form, ModelNotes.Output... others) {
    List<ModelNotes.Output> outputs = new ArrayList<>();
    outputs.add(
        new ModelNotes.Output(
            HeadNetworks.output(profile.classes().size()),
            "The probability of " + new ClassVocabulary(profile).scored() + "."));
    outputs.addAll(List.of(others));
    Fit fit = trained.description().fit();
    int size = trained.description().imageSize();
    return new ModelNotes(
        purpose.name(),
        purpose.purpose() + " " + form + ". Not a medical device.",
        "%s as RGB, 0..255. Images of another size are %s %s x %s pixels."
            .formatted(ClassVocabulary.capitalized(profile.image()), fit.words(), size, size),
        fit,
        outputs,
        profile.classes().list(),
        options.sparse());
  }

  private static ModelNotes.Output unfamiliarity() {
    return new ModelNotes.Output(
        ModelNotes.UNFAMILIARITY,
        "How unlike the training images the input is, 0 to 1: beyond the limit, about 0.5, do not"
            + " use the probability.");
  }

  private ModelNotes.Output heatMap() {
    return new ModelNotes.Output(
        GradCam.HEAT_MAP,
        "Where the image speaks for "
            + new ClassVocabulary(profile).explained()
            + ": Grad-CAM (Selvaraju et al. 2017), spread evenly over the input image, in units of"
            + " the logit.");
  }
}
