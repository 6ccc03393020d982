package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.pipeline.Bundles;
import io.github.deepxray.pipeline.DataSource;
import io.github.deepxray.pipeline.ExternalSpec;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.report.ExternalValidation;
import io.github.deepxray.report.internal.ExternalPage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code evaluate}. */
@Command(
    name = "evaluate",
    description = {
      "Evaluates the trained classifier on the validation and test splits, or a bundle on "
          + "other labelled images.",
      "",
      "Without a bundle: reads <out>/data and the last of the classifiers in <out>/train, "
          + "<out>/prune and <out>/finetune; writes <out>/evaluation with metrics.json and the "
          + "predictions. Each metric has a 95 %% bootstrap interval by patient. The "
          + "thresholds were chosen on validation during training.",
      "",
      "With a bundle (external validation): evaluates it with its threshold on all images of "
          + "--data, whose classes must have the bundle's names; writes external-report.html, "
          + "external.json and predictions.csv into <out>: metrics with intervals by patient, "
          + "calibration, slices, the difference from the bundle's own test split, and the drift "
          + "of scores and images. Images of the training are found by the hash of their pixels "
          + "and refused. Unreadable images are listed. --cache, --engine and tracking are for "
          + "evaluations without a bundle.",
      "",
      "With --plan: prints the number of patients that an evaluation needs.",
      ""
    },
    customSynopsis = {
      "deepxray evaluate --out=<dir> [<options>]",
      "       deepxray evaluate <bundle> --data=<zip|dir|kaggle> --out=<dir> [<options>]",
      "       deepxray evaluate --plan [<options>]",
      ""
    },
    footer = {
      "",
      "Example: deepxray evaluate --out work",
      "Example: deepxray evaluate work/bundle --data hospital.csv --slices sex,site --out external",
      "Example: deepxray evaluate --plan --sensitivity 0.95 --specificity 0.88 --width 0.05"
    },
    sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {
  private static final String WITHOUT_BUNDLE = "an evaluation without a bundle";

  @Mixin private CommonOptions common;

  @Parameters(
      arity = "0..1",
      paramLabel = "<bundle>",
      description = "Bundle to evaluate on the images of --data.")
  private Optional<Path> folder;

  // Not marked as required, because --plan does not need it.
  @Option(
      names = "--out",
      paramLabel = "<dir>",
      description =
          OutOption.DESCRIPTION + " With a bundle: output folder of the external validation.")
  private Optional<Path> out;

  @Mixin private EngineOptions engine;
  @Mixin private TrackingOptions tracking;
  @Mixin private ExternalOptions external;
  @Mixin private PlanOptions plan;

  @Override
  public Integer call() throws Exception {
    if (plan.wanted && folder.isPresent()) {
      throw Usage.wrong(
          common, "--plan evaluates nothing; leave out the bundle " + folder.get() + ".");
    }
    boolean stage = folder.isEmpty() && !plan.wanted;
    refuse(folder.isPresent(), "external", "a bundle to evaluate");
    refuse(plan.wanted, "plan", "--plan");
    refuse(stage, "tracking", WITHOUT_BUNDLE);
    Usage.refuseIgnored(common, stage, List.of("--cache", "--engine"), WITHOUT_BUNDLE);
    Usage.refuseIgnored(
        common, !plan.wanted, List.of("--out", "--threads"), "an evaluation, not --plan");
    if (plan.wanted) {
      common.print(plan.plan(common));
      return 0;
    }
    Usage.require(common, stage ? List.of("--out") : List.of("--data", "--out"));
    return stage
        ? engine.tracked(common, out.get(), tracking, Pipeline::evaluate)
        : external(folder.get(), out.get());
  }

  private void refuse(boolean used, String mixin, String needed) {
    Usage.refuseIgnored(common, used, Usage.names(common, mixin), needed);
  }

  private int external(Path bundle, Path target) throws IOException {
    external.check(common);
    ExternalSpec spec = Usage.check(common, () -> external.spec(bundle, engine.cores()));
    DataSource source = Usage.check(common, () -> DataSources.of(external.data()));
    ExternalValidation result =
        Bundles.evaluate(Bundle.open(bundle), source, spec, target, common.console());
    common.print(result.table() + "report " + target.resolve(ExternalPage.FILE) + "\n");
    List<String> objections = external.objections(result);
    if (!objections.isEmpty()) {
      throw new DeepXrayException(String.join("; ", objections) + ".");
    }
    return 0;
  }
}
