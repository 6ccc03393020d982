package io.github.deepxray.optimize.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.internal.prune.Pruner;
import io.github.deepxray.optimize.prune.PruningSchedule.ConstantSparsity;
import io.github.deepxray.optimize.prune.PruningSchedule.PolynomialDecay;
import io.github.deepxray.optimize.prune.PruningSpec.Base;
import io.github.deepxray.optimize.prune.PruningSpec.Scope;
import io.github.deepxray.optimize.prune.PruningSpec.Structure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PruningSpecTest {
  private static final Backbone B0 = Backbones.named("efficientnetb0");

  @TempDir private Path folder;

  @Test
  void aNumberMeansTheDefaults() throws IOException {
    assertThat(PruningSpec.read("0.5")).isEqualTo(PruningSpec.of(0.5));
    assertThat(PruningSpec.read(".8")).isEqualTo(PruningSpec.of(0.8));
    assertThat(read("sparsity: 0.7")).isEqualTo(PruningSpec.of(0.7));
  }

  @Test
  void readsEveryField() throws IOException {
    PruningSpec spec =
        read(
            """
            sparsity: 0.6
            base: pruned
            scope: global
            structure: 1x4
            timing: {type: polynomial, initialSparsity: 0.2, begin: 0.1, end: 0.9, power: 2, frequency: 10}
            from: block6a
            spare: ["*_project_conv", "*dwconv"]
            """);
    assertThat(spec.base()).isEqualTo(Base.PRUNED);
    assertThat(spec.scope()).isEqualTo(Scope.GLOBAL);
    assertThat(spec.structure()).isEqualTo(Structure.BLOCK_1X4);
    assertThat(spec.timing().schedule(0.6, 1000))
        .isEqualTo(new PolynomialDecay(0.2, 0.6, 100, 900, 2, 10));
    assertThat(names(spec))
        .contains("block6a_expand_conv", "block6a_se_reduce", "block7a_se_expand", "top_conv")
        .doesNotContain("block5c_expand_conv", "block6a_project_conv", "block6a_dwconv");
  }

  @Test
  void writesWhatItReads() throws IOException {
    PruningSpec spec =
        PruningSpec.of(0.5)
            .withTiming(new PruningSpec.ConstantSteps(5, -1, 7))
            .withScope(Scope.GLOBAL)
            .withStructure(Structure.TWO_OF_FOUR);
    Path file = folder.resolve("written.json");
    Json.write(file, spec);
    assertThat(PruningSpec.read(file.toString())).isEqualTo(spec);
  }

  @Test
  void readsTfmotsSchedulesByStep() throws IOException {
    assertThat(
            read("{sparsity: 0.5, timing: {type: constant_steps, beginStep: 20}}")
                .timing()
                .schedule(0.5, 1))
        .isEqualTo(new ConstantSparsity(0.5, 20));
    assertThat(
            read("""
            sparsity: 0.5
            timing: {type: polynomial_steps, initialSparsity: 0.1, beginStep: 20, endStep: 500}
            """)
                .timing()
                .schedule(0.5, 1))
        .isEqualTo(new PolynomialDecay(0.1, 0.5, 20, 500, 3, 100));
    assertThat(
            read("{sparsity: 0.5, timing: {type: constant, begin: 0.25}}")
                .timing()
                .schedule(0.5, 1000))
        .isEqualTo(new ConstantSparsity(0.5, 250));
  }

  @ParameterizedTest
  @CsvSource({
    "1000, 500, 100",
    "1999, 900, 100",
    "150, 75, 75",
    "3, 1, 1",
    "2, 1, 1",
  })
  void risesUpToAnUpdateThatIsMade(long steps, long end, long frequency) {
    PruningSchedule schedule = PruningSpec.of(0.5).timing().schedule(0.5, steps);
    assertThat(schedule).isEqualTo(new PolynomialDecay(0, 0.5, 0, end, 3, frequency));
    assertThat(schedule.updates(end)).isTrue();
    assertThat(schedule.sparsity(end)).isEqualTo(0.5);
  }

  /** The last step of a training has the number of its steps less one. */
  @ParameterizedTest
  @CsvSource({
    "0, 1, 100, 100",
    "0, 1, 100, 50",
    "0, 1, 7, 2",
    "0, 1, 1, 101",
    "0.5, 1, 100, 3",
    "0.9, 1, 1, 3",
    "0.99, 1, 10, 50",
    "0.5, 0.51, 1, 10",
    "0.99, 1, 1, 2",
  })
  void reachesTheSparsityBeforeTheTrainingEnds(
      double begin, double end, long frequency, long steps) {
    PruningSchedule rising =
        new PruningSpec.Polynomial(0.1, begin, end, 3, frequency).schedule(0.5, steps);
    assertThat(made(rising, steps)).last().isEqualTo(0.5);
    assertThat(rising.sparsityAfter(steps)).isEqualTo(0.5);
    PruningSchedule constant = new PruningSpec.Constant(begin, frequency).schedule(0.5, steps);
    assertThat(made(constant, steps)).first().isEqualTo(0.5);
    assertThat(constant.sparsityAfter(steps)).isEqualTo(0.5);
  }

  /** What is given in steps is taken as it is, and one step cannot rise. */
  @ParameterizedTest
  @CsvSource({"1", "5", "6", "7", "20", "99", "100", "101", "1000"})
  void tellsHowManyZerosThereAreInTheEnd(long steps) {
    for (PruningSpec.Timing timing :
        List.of(
            new PruningSpec.Polynomial(0, 0, 1, 3, 1),
            new PruningSpec.ConstantSteps(6, -1, 10),
            new PruningSpec.ConstantSteps(0, 50, 10),
            new PruningSpec.PolynomialSteps(0.1, 6, 100, 3, 1),
            new PruningSpec.PolynomialSteps(0, 6, 100, 3, 7))) {
      PruningSchedule schedule = timing.schedule(0.5, steps);
      List<Double> made = made(schedule, steps);
      assertThat(schedule.sparsityAfter(steps))
          .as("%s after %d steps", timing, steps)
          .isEqualTo(made.isEmpty() ? 0 : made.get(made.size() - 1));
    }
  }

  private static List<Double> made(PruningSchedule schedule, long steps) {
    return LongStream.range(0, steps)
        .filter(schedule::updates)
        .mapToObj(schedule::sparsity)
        .toList();
  }

  @Test
  void sparesWhatHurtsMostByDefault() {
    assertThat(names(of(0.5)))
        .hasSize(23)
        .startsWith("block4a_expand_conv", "block4a_project_conv", "block4b_expand_conv")
        .endsWith("block7a_project_conv", "top_conv");
    assertThat(names(of(0.1).withFrom("top"))).containsExactly("top_conv");
    assertThat(names(of(0.1).withFrom("block7a_dwconv")))
        .containsExactly("block7a_project_conv", "top_conv");
  }

  /** Squeeze-and-excitation is told by what it reads, at any size of the images. */
  @ParameterizedTest
  @CsvSource({"32", "224"})
  void countsPointwiseConvolutions(int size) {
    Network network = EfficientNet.B0.network(size);
    assertThat(of(0.5).base(network))
        .extracting(Layer::name)
        .containsExactlyElementsOf(
            network.layers().stream()
                .map(Layer::name)
                .filter(name -> name.matches(".*_(expand|project)_conv|top_conv"))
                .toList());
  }

  @Test
  void sparesTheLogitsOfAnyNumberOfClasses() {
    Network backbone = EfficientNet.B0.network();
    for (String logits : List.of("logit", "member2_logit", "logits", "member2_logits")) {
      Network head =
          new Network(
              "head",
              EfficientNet.FEATURES,
              backbone.shape(EfficientNet.FEATURES),
              List.of(new Dense(logits, EfficientNet.FEATURES, 4, true)),
              List.of(logits));
      assertThat(of(0.5).prunable(backbone.then(head)))
          .extracting(Layer::name)
          .endsWith("top_conv");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sparsity: 1 | sparsity",
        "sparsity: 0 | sparsity",
        "scope: layer | sparsity",
        "{sparsity: 0.5, scope: channel} | scope",
        "{sparsity: 0.5, spares: []} | spares",
        "{sparsity: 0.4, structure: '2:4'} | 0.5",
        "{sparsity: 0.5, structure: '2:4', base: pointwise} | base: pruned",
        "{sparsity: 0.5, timing: {type: polynomial, begin: 0.5, end: 0.5}} | timing.end",
        "{sparsity: 0.5, timing: {type: polynomial, initialSparsity: 0.6}} | initialSparsity",
        "{sparsity: 0.5, timing: {type: constant, frequency: 0}} | frequency",
        "{sparsity: 0.5, timing: {type: polynomial_steps, beginStep: 2, endStep: 3}} |"
            + " initialSparsity",
        "{sparsity: 0.5, timing: {type: constant_steps}} | beginStep",
        "{sparsity: 0.5, timing: {type: constant_steps, beginStep: -2}} | beginStep",
      })
  void saysWhatIsWrongInAFile(String yaml, String help) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(help);
  }

  @Test
  void saysWhatIsMissing() {
    assertThatThrownBy(() -> PruningSpec.read("no.yaml"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("no.yaml");
    assertThatThrownBy(() -> names(of(0.5).withFrom("block8a")))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("block8a");
    assertThatThrownBy(() -> names(of(0.5).withSpare(List.of("*"))))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("spare");
  }

  private PruningSpec read(String yaml) throws IOException {
    Path file = Files.writeString(folder.resolve("pruning.yaml"), yaml);
    return PruningSpec.read(file.toString());
  }

  private static List<String> names(PruningSpec spec) {
    Network network = EfficientNet.B0.network();
    return Pruner.of(spec, network, 1000).weights().stream()
        .map(weight -> weight.substring(0, weight.indexOf('/')))
        .toList();
  }

  /** The defaults for EfficientNetB0. */
  private static PruningSpec of(double sparsity) {
    return PruningSpec.of(sparsity).resolved(B0);
  }
}
