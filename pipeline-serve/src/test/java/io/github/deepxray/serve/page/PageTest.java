package io.github.deepxray.serve.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.HeatMapOverlay;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import io.github.deepxray.testkit.InCi;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.Rectangle;
import org.openqa.selenium.WebElement;

/** The page in a real browser, served by the real server. */
@InCi
class PageTest {
  private static final String CARD =
      """
      ---
      license: apache-2.0
      ---

      # bright

      Tells *bright* from dark.

      > **Not a medical device.** It must not be used as one.

      ## Intended use

      1. first, with `code | here`
      2. second
         - inside, <img src="https://example.org/x.png" onerror="alert(1)">
         - [bad](javascript:alert(1)) and [good](https://example.org/good)

      ## Metrics

      | metric | value |
      |---|---:|
      | AUC | 0.969 \\| more |
      | snake_case_name | **0.9** |

      <script>document.title = 'stolen'</script>
      """;

  private static final String IDLE =
      "return document.querySelectorAll('.row').length > 0 && !document.querySelector("
          + "'.row[data-state=queued], .row[data-state=sending], .row[data-state=busy]')";

  @TempDir static Path folder;

  private static Browser browser;
  private static Path bundle;
  private static final Map<String, Supplier<RgbImage>> SAMPLES =
      Map.of(
          "bacterial-1.png", () -> Phantom.draw(Slice.BACTERIAL, 1, 1, 1, 448),
          "normal-1.png", () -> Phantom.draw(Slice.NORMAL, 1, 1, 1, 448),
          "viral-1.png", () -> Phantom.draw(Slice.VIRAL, 1, 1, 1, 448));

  private static ModelServer server;

  @BeforeAll
  static void start() throws IOException {
    browser = Browser.start();
    bundle = PageBundle.write(folder.resolve("bundle"), true, CARD);
    server = start(bundle, ServerOptions.DEFAULT);
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
    if (browser != null) {
      browser.close();
    }
  }

  private static ModelServer start(Path models, ServerOptions options) throws IOException {
    return ModelServer.start(
        models, options.withPort(0).withWorkers(1).withSamples(SAMPLES), line -> {});
  }

  // Tools.

  private static void open(URI uri) {
    browser.open(uri);
    loaded();
  }

  private static void loaded() {
    browser.await(
        "the page is complete", () -> browser.seen(".sample:enabled") && browser.seen("#card p"));
  }

  private static void idle() {
    browser.await("all images are done", () -> (Boolean) browser.js(IDLE));
  }

  private static Path png(String name, RgbImage image) throws IOException {
    return Files.write(folder.resolve(name), ImageCodec.encodePng(image));
  }

  private static Path grey(String name, int value) throws IOException {
    return png(name, PageBundle.grey(20, 30, value));
  }

  private static Path phantom(Slice slice, int number) throws IOException {
    return Files.write(
        folder.resolve(slice.key() + "-" + number + ".jpeg"),
        ImageCodec.encodeJpeg(Phantom.draw(slice, 7, number, 1, 320), 90));
  }

  private static String percent(double share) {
    return String.format("%.1f %%", 100 * share);
  }

  private static Path text(String name) throws IOException {
    return Files.writeString(folder.resolve(name), "This is no image at all.\n");
  }

  private static void slide(int percent) {
    WebElement slider = browser.find("#opacity");
    slider.sendKeys(Keys.HOME);
    for (int value = 0; value < percent; value += 5) {
      slider.sendKeys(Keys.ARROW_RIGHT);
    }
    assertThat(slider.getDomProperty("value")).isEqualTo(Integer.toString(percent));
    assertThat(browser.text("#opacity-value")).isEqualTo(percent + " %");
  }

  // What comes out.

  @Test
  void anImageIsClassified() throws Exception {
    open(server.uri());
    browser.await(
        "all samples are there",
        () -> browser.all(".sample:enabled").size() == browser.all(".sample").size());
    browser.screenshot("start-light");
    for (int grey : new int[] {150, 110}) {
      browser.choose(grey("grey-" + grey + ".png", grey));
      idle();
      double probability = PageBundle.probability(grey);
      boolean above = probability >= PageBundle.THRESHOLD;
      assertThat(browser.text("#viewer-name")).isEqualTo("grey-" + grey + ".png");
      assertThat(browser.text("#viewer-about")).startsWith("30 × 20 pixels");
      assertThat(browser.text("#verdict-label")).isEqualTo(above ? "Pneumonia" : "Normal");
      assertThat(browser.text("#probability")).isEqualTo(percent(probability));
      assertThat(browser.text("#mark")).isEqualTo("threshold " + percent(PageBundle.THRESHOLD));
      assertThat(browser.text("#live"))
          .contains(above ? "Pneumonia" : "Normal")
          .contains(percent(probability));
      Rectangle bar = browser.find("#gauge .bar").getRect();
      Rectangle fill = browser.find("#gauge .fill").getRect();
      Rectangle tick = browser.find("#gauge .tick").getRect();
      assertThat(fill.x).isEqualTo(bar.x);
      assertThat((double) fill.width / bar.width).isCloseTo(probability, within(0.01));
      assertThat((tick.x + tick.width / 2.0 - bar.x) / bar.width)
          .isCloseTo(PageBundle.THRESHOLD, within(0.01));
      assertThat(browser.find("#gauge").getDomAttribute("aria-label")).contains("threshold");
    }
    assertThat(browser.all(".row")).hasSize(2);
    assertThat(browser.text("#summary"))
        .isEqualTo("2 of 2 images classified, 1 at or above the threshold");
  }

  @Test
  void severalClassesAreShownWithTheirProbabilities() throws Exception {
    Path classes = PageBundle.writeClasses(folder.resolve("classes"));
    Path downloads = Files.createDirectories(folder.resolve("downloads-classes"));
    try (ModelServer other = start(classes, ServerOptions.DEFAULT)) {
      browser.open(other.uri(), 320, 640, "light");
      loaded();
      browser.saveTo(downloads);
      assertThat(browser.text("#purpose")).contains("Bacteria, Normal and Virus apart");
      assertThat(browser.texts("#figures dt")).isEqualTo(metricNames());
      for (int grey : new int[] {250, 140, 5}) {
        double[] probabilities = PageBundle.probabilities(grey);
        int said = grey == 250 ? 0 : grey == 140 ? 1 : 2;
        String label = List.of("Bacteria", "Normal", "Virus").get(said);
        browser.choose(grey("grey-" + grey + ".png", grey));
        idle();
        assertThat(browser.text("#verdict-label")).isEqualTo(label);
        assertThat(browser.text("#probability")).isEqualTo(percent(probabilities[said]));
        assertThat(browser.text("#probability-of")).contains("the highest of 3 classes");
        assertThat(browser.text("#reading")).contains(label);
        assertThat(browser.seen("#gauge")).isFalse();
        assertThat(browser.texts("#classes .class-name"))
            .containsExactly("Bacteria", "Normal", "Virus");
        assertThat(browser.texts("#classes .said .class-name")).containsExactly(label);
        List<WebElement> bars = browser.all("#classes .bar");
        List<WebElement> fills = browser.all("#classes .fill");
        for (int c = 0; c < probabilities.length; c++) {
          assertThat(browser.texts("#classes .number").get(c)).isEqualTo(percent(probabilities[c]));
          double width = bars.get(c).getRect().width;
          assertThat(fills.get(c).getRect().width / width)
              .isCloseTo(Math.max(probabilities[c], 3 / width), within(0.02));
        }
        fits();
      }
      browser.screenshotOfAll("classes");
      assertThat(browser.text("#summary")).isEqualTo("3 of 3 images classified");
      browser.find("#save").click();
      Path csv = downloads.resolve("deepxray.csv");
      browser.await("it is saved", () -> Files.exists(csv));
      List<String> lines = Files.readAllLines(csv);
      assertThat(lines.get(0))
          .isEqualTo(
              "\"file\",\"label\",\"probability\",\"probability BACTERIA\",\"probability"
                  + " NORMAL\",\"probability VIRUS\",\"width\",\"height\",\"problem\"");
      assertThat(lines.get(1)).startsWith("\"grey-250.png\",\"BACTERIA\",\"0.");
      assertThat(lines.get(1).split(",")).hasSize(9);
      assertThat(browser.complaints()).isEmpty();
    }
  }

  /** The words are those of the data set that the model was trained on. */
  @Test
  void otherClassesAreSpokenOfByTheirNames() throws Exception {
    Path other = PageBundle.write(folder.resolve("other"), true, "# other\n\nA card.");
    Files.writeString(other.resolve(Bundle.LABELS), "NORMAL\nTUBERCULOSIS\n");
    DatasetProfile profile = DatasetProfile.of(new ClassNames("NORMAL", "TUBERCULOSIS"));
    Json.write(other.resolve("dataset.json"), Map.of("profile", profile));
    Files.writeString(other.resolve(Bundle.CHECKSUMS), Bundle.checksums(other));
    try (ModelServer named = start(other, ServerOptions.DEFAULT)) {
      browser.open(named.uri(), 320, 640, "dark");
      loaded();
      assertThat(browser.text("#purpose")).isEqualTo("Tells TUBERCULOSIS from NORMAL on images.");
      browser.choose(grey("bright.png", 220));
      idle();
      assertThat(browser.text("#verdict-label")).isEqualTo("Tuberculosis");
      assertThat(browser.text("#probability-of")).isEqualTo("probability of TUBERCULOSIS");
      assertThat(browser.text("#reading")).contains("the model decides for TUBERCULOSIS");
      assertThat(browser.text("#heat-finding")).isEqualTo("TUBERCULOSIS");
      assertThat(browser.text("#in-words"))
          .contains("of 100 images of TUBERCULOSIS it misses about 1");
      assertThat(browser.text("body")).doesNotContainIgnoringCase("pneumonia");
      fits();
      browser.screenshotOfAll("other-classes");
      assertThat(browser.complaints()).isEmpty();
    }
  }

  @Test
  void theHeatMapIsInItsPlaceAndItsColours() throws Exception {
    // Cells of one grey each, unlike in both directions.
    byte[] pixels = new byte[PageBundle.SIZE * PageBundle.SIZE * 3];
    for (int i = 0; i < pixels.length; i++) {
      int y = i / 3 / PageBundle.SIZE / 4;
      int x = i / 3 % PageBundle.SIZE / 4;
      pixels[i] = (byte) (20 + 8 * x + 20 * y);
    }
    RgbImage image = RgbImage.of(PageBundle.SIZE, PageBundle.SIZE, pixels);
    HeatMap map = PageBundle.heatMap(image).normalized();
    open(server.uri());
    browser.choose(png("steps.png", image));
    idle();
    browser.await("the heat map is drawn", () -> browser.find("#heat").getSize().width > 100);
    int width = (int) browser.number("return document.getElementById('heat').width");
    int height = (int) browser.number("return document.getElementById('heat').height");
    HeatMap wanted = map.resized(height, width);
    List<?> drawn =
        (List<?>)
            browser.js(
                "const c = document.getElementById('heat');const d ="
                    + " c.getContext('2d').getImageData(0, 0, c.width, c.height).data;const r ="
                    + " [];for (let y = 0; y < c.height; y += 17)  for (let x = 0; x < c.width; x"
                    + " += 17)    r.push([x, y, ...d.slice(4 * (y * c.width + x), 4 * (y * c.width"
                    + " + x) + 4)]);return r;");
    assertThat(drawn).hasSizeGreaterThan(300);
    RgbImage colors = HeatMapOverlay.alone(map, height, width);
    for (Object point : drawn) {
      int[] p = ((List<?>) point).stream().mapToInt(v -> ((Number) v).intValue()).toArray();
      float value = wanted.at(p[1], p[0]);
      assertThat(p[5]).isCloseTo(Math.round(255 * value), within(1));
      for (int c = 0; c < 3; c++) {
        // A canvas keeps colours multiplied by their alpha.
        assertThat(p[2 + c]).isCloseTo(colors.at(p[1], p[0], c), within(255 / p[5] + 2));
      }
    }

    for (int opacity : new int[] {100, 60, 0}) {
      slide(opacity);
      RgbImage seen = browser.picture("#stage");
      RgbImage large = enlarged(image, seen.height(), seen.width());
      RgbImage expected = HeatMapOverlay.over(large, map, opacity / 100.0);
      double furthest = 0;
      for (int y = 0; y < PageBundle.CELLS; y++) {
        for (int x = 0; x < PageBundle.CELLS; x++) {
          // In the middle of cells, where it does not matter how a browser enlarges.
          int row = (2 * y + 1) * seen.height() / (2 * PageBundle.CELLS);
          int column = (2 * x + 1) * seen.width() / (2 * PageBundle.CELLS);
          for (int c = 0; c < 3; c++) {
            assertThat(seen.at(row, column, c))
                .as("%d %% at %d, %d", opacity, row, column)
                .isCloseTo(expected.at(row, column, c), within(5));
            furthest =
                Math.max(furthest, Math.abs(seen.at(row, column, c) - large.at(row, column, c)));
          }
        }
      }
      assertThat(furthest).isBetween(opacity == 0 ? 0.0 : 40.0, opacity == 0 ? 2.0 : 255.0);
    }
  }

  private static RgbImage enlarged(RgbImage image, int height, int width) {
    byte[] pixels = new byte[height * width * 3];
    for (int i = 0; i < pixels.length; i++) {
      int y = i / 3 / width * image.height() / height;
      int x = i / 3 % width * image.width() / width;
      pixels[i] = (byte) image.at(y, x, i % 3);
    }
    return RgbImage.of(height, width, pixels);
  }

  @Test
  void theStageHasTheShapeOfTheImage() throws Exception {
    open(server.uri());
    for (int[] size : new int[][] {{40, 120}, {120, 40}}) {
      browser.choose(png("shape-" + size[0] + ".png", PageBundle.grey(size[0], size[1], 90)));
      idle();
      Dimension stage = browser.find("#stage").getSize();
      assertThat((double) stage.width / stage.height)
          .isCloseTo((double) size[1] / size[0], within(0.05));
      assertThat(browser.find("#picture").getSize()).isEqualTo(stage);
      assertThat(browser.find("#heat").getSize()).isEqualTo(stage);
    }
  }

  /** A crop's map covers the middle, that of a padded image also its bars, out of sight. */
  @ParameterizedTest
  @CsvSource({"CROP, 0.333, 0, 0.333, 1", "PAD, 0, -1, 1, 3"})
  void theMapLiesOverWhatTheNetworkRead(
      Fit fit, double left, double top, double width, double height) throws Exception {
    Path fitting = PageBundle.write(folder.resolve(fit.key()), true, CARD);
    Path artifacts = fitting.resolve(ArtifactReport.FILE);
    ArtifactReport.write(artifacts, fit, new Bundle(fitting).artifacts());
    Files.writeString(fitting.resolve(Bundle.CHECKSUMS), Bundle.checksums(fitting));
    try (ModelServer other = start(fitting, ServerOptions.DEFAULT)) {
      open(other.uri());
      browser.choose(png("wide.png", PageBundle.grey(60, 180, 90)));
      idle();
      Rectangle stage = browser.find("#stage").getRect();
      Rectangle heat = browser.find("#heat").getRect();
      assertThat((double) (heat.x - stage.x) / stage.width).isCloseTo(left, within(0.1));
      assertThat((double) (heat.y - stage.y) / stage.height).isCloseTo(top, within(0.1));
      assertThat((double) heat.width / stage.width).isCloseTo(width, within(0.05));
      assertThat((double) heat.height / stage.height).isCloseTo(height, within(0.15));
      assertThat(browser.find("#picture").getSize())
          .isEqualTo(new Dimension(stage.width, stage.height));
      assertThat(browser.complaints()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"light, 1280", "dark, 1280", "light, 390", "dark, 390"})
  void imagesUnlikeTheTrainingImagesAreRefusedInWords(String colors, int width) throws Exception {
    String place = colors + "-" + width;
    Path guarded = PageBundle.writeGuarded(folder.resolve("guarded-" + place), CARD);
    Path downloads = Files.createDirectories(folder.resolve("downloads-" + place));
    try (ModelServer other = start(guarded, ServerOptions.DEFAULT)) {
      browser.open(other.uri(), width, 900, colors);
      loaded();
      browser.saveTo(downloads);
      browser.choose(grey("photograph.png", 190), grey("xray.png", 150));
      idle();
      assertThat(browser.text("#unfamiliar strong"))
          .isEqualTo("Unlike the training images: do not use this result.");
      // Above the probability.
      Rectangle warning = browser.find("#unfamiliar").getRect();
      assertThat(warning.y + warning.height)
          .isLessThanOrEqualTo(browser.find("#verdict").getRect().y);
      assertThat(browser.text("#probability")).isEqualTo(percent(PageBundle.probability(190)));
      assertThat(browser.text("#guard"))
          .isEqualTo(
              "Unfamiliarity %s; above %s, an image is unlike the training images."
                  .formatted(percent(PageBundle.unfamiliarity(190)), percent(PageBundle.LIMIT)));
      assertThat(browser.seen("#reading")).isFalse();
      assertThat(browser.seen("#no-guard")).isFalse();
      assertThat(browser.find("#picture").getDomAttribute("alt"))
          .startsWith("photograph.png: Unlike the training images: do not use this result (Pneum");
      assertThat(browser.texts(".row-label"))
          .containsExactly("Unlike the training images", "Pneumonia");
      // It is no finding.
      assertThat(browser.text("#summary"))
          .isEqualTo(
              "2 of 2 images classified, 1 at or above the threshold, 1 unlike the training"
                  + " images");
      assertThat(browser.text("#live")).contains("1 unlike the training images");
      assertReadable();
      browser.screenshotOfAll("unfamiliar-" + place);
      browser.all(".row").get(1).click();
      assertThat(browser.seen("#unfamiliar")).isFalse();
      assertThat(browser.text("#reading")).contains("the model decides for");
      assertThat(browser.text("#guard")).contains(percent(PageBundle.unfamiliarity(150)));
      assertReadable();
      // In a narrow window, it is below the sticky notice.
      browser.js("document.querySelector('#save').click()");
      Path csv = downloads.resolve("deepxray.csv");
      browser.await("it is saved", () -> Files.exists(csv));
      List<String> lines = Files.readAllLines(csv);
      assertThat(lines.get(0)).contains("\"threshold\",\"unfamiliarity\",\"unfamiliar\",\"width\"");
      assertThat(lines.get(1)).contains(",\"0.8", ",\"true\",\"30\"");
      assertThat(lines.get(2)).contains(",\"false\",\"30\"");
      assertThat(browser.complaints()).isEmpty();
    }
  }

  @Test
  void aModelWithoutInputGuardSaysSo() throws Exception {
    open(server.uri());
    browser.choose(grey("unguarded.png", 230));
    idle();
    assertThat(browser.text("#no-guard")).startsWith("This model has no input guard");
    assertThat(browser.seen("#unfamiliar")).isFalse();
    assertThat(browser.seen("#guard")).isFalse();
  }

  @Test
  void aModelWithoutHeatMapsSaysSo() throws Exception {
    Path plain = PageBundle.write(folder.resolve("plain"), false, CARD);
    try (ModelServer other = start(plain, ServerOptions.DEFAULT)) {
      open(other.uri());
      browser.choose(grey("plain.png", 130));
      idle();
      assertThat(browser.text("#probability")).isEqualTo(percent(PageBundle.probability(130)));
      assertThat(browser.seen("#heat-controls")).isFalse();
      assertThat(browser.text("#no-heat")).isEqualTo("This model comes without heat maps.");
    }
  }

  @Test
  void samplesCanBeTried() {
    open(server.uri());
    assertThat(browser.texts(".sample span")).contains("normal 1", "bacterial 1", "viral 1");
    browser.find(".sample").click();
    idle();
    assertThat(browser.text("#viewer-about")).startsWith("sample, ");
    assertThat(browser.seen("#verdict")).isTrue();
    // The same again is the same.
    browser.find(".sample").click();
    idle();
    assertThat(browser.all(".row")).hasSize(1);
  }

  @Test
  void filesCanBeDropped() throws Exception {
    open(server.uri());
    browser.drop(grey("dropped-1.png", 200), grey("dropped-2.png", 20));
    browser.await("they are taken", () -> browser.all(".row").size() == 2);
    idle();
    assertThat(browser.texts(".row-name")).containsExactly("dropped-1.png", "dropped-2.png");
    assertThat(browser.texts(".row-label")).containsExactly("Pneumonia", "Normal");
  }

  @Test
  void manyFilesAreWorkedOffInTheirOrder() throws Exception {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      files.add(
          i == 17
              ? text("notes.txt")
              : phantom(List.of(Slice.NORMAL, Slice.BACTERIAL).get(i % 2), i));
    }
    open(server.uri());
    browser.choose(files.toArray(Path[]::new));
    idle();
    assertThat(browser.texts(".row-name"))
        .containsExactlyElementsOf(files.stream().map(f -> f.getFileName().toString()).toList());
    assertThat(browser.text("#summary"))
        .startsWith("23 of 24 images classified")
        .contains("1 failed");
    assertThat(browser.text("#live")).startsWith("Ready. 23 of 24 images classified");
    assertThat(browser.all(".row[data-state=done]")).hasSize(23);
    assertThat(browser.seen("#cancel")).isFalse();
    browser.all(".row").get(2).click();
    browser.screenshot("results-light");
    browser.media(Map.of("prefers-color-scheme", "dark"));
    browser.screenshot("results-dark");
    browser.media(Map.of("prefers-color-scheme", "light"));

    browser.find("#next").click();
    assertThat(browser.text("#viewer-name")).isEqualTo(files.get(3).getFileName().toString());
    browser.find("#remove").click();
    assertThat(browser.all(".row")).hasSize(23);
    browser.find("#clear").click();
    assertThat(browser.seen("#results")).isFalse();
  }

  @Test
  void ofFoldersTheImagesAreTaken() throws Exception {
    Path set = Files.createDirectories(folder.resolve("set/inner")).getParent();
    for (String name : List.of("set/x10.png", "set/x9.jpg", "set/inner/y.jpeg")) {
      Files.write(folder.resolve(name), ImageCodec.encodePng(PageBundle.grey(20, 20, 200)));
    }
    Files.writeString(set.resolve("notes.txt"), "no image");
    open(server.uri());
    browser.drop(set);
    browser.await("they are taken", () -> browser.all(".row").size() == 3);
    idle();
    assertThat(browser.texts(".row-name")).containsExactly("y.jpeg", "x9.jpg", "x10.png");
    assertThat(browser.texts(".row-label")).containsOnly("Pneumonia");
  }

  @Test
  void resultsCanBeSaved() throws Exception {
    Path downloads = Files.createDirectories(folder.resolve("downloads"));
    open(server.uri());
    browser.saveTo(downloads);
    browser.choose(grey("=sum, \"quoted\".png", 140), text("none.txt"));
    idle();
    browser.find("#save").click();
    Path csv = downloads.resolve("deepxray.csv");
    browser.await("it is saved", () -> Files.exists(csv));
    List<String> lines = Files.readAllLines(csv);
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0))
        .isEqualTo(
            "\"file\",\"label\",\"probability\",\"threshold\",\"width\",\"height\",\"problem\"");
    // No spreadsheet takes it for a formula.
    assertThat(lines.get(1))
        .startsWith("\"'=sum, \"\"quoted\"\".png\",\"PNEUMONIA\",\"0.7")
        .endsWith(",\"0.6\",\"30\",\"20\",\"\"");
    assertThat(lines.get(2)).isEqualTo("\"none.txt\",\"\",\"\",\"\",\"\",\"\",\"Not an image\"");
  }

  // What goes wrong.

  @Test
  void whatIsNoImageIsNotEvenSent() throws Exception {
    open(server.uri());
    browser.choose(text("letter.png"));
    idle();
    assertThat(browser.text("#problem-title")).isEqualTo("Not an image");
    assertThat(browser.text("#problem-text")).isEqualTo("The file is neither JPEG nor PNG.");
    assertThat(browser.text("#live")).contains("letter.png").contains("neither JPEG nor PNG");
    assertThat(browser.seen("#retry")).isFalse();
    assertThat(browser.seen("#verdict")).isFalse();
    assertThat(browser.requests()).noneMatch(address -> address.endsWith("/api/classify"));
    browser.choose(Files.write(folder.resolve("empty.png"), new byte[0]));
    idle();
    assertThat(browser.text("#problem-text")).isEqualTo("The file is empty.");
  }

  @Test
  void aDamagedImageIsExplained() throws Exception {
    byte[] jpeg = Files.readAllBytes(phantom(Slice.NORMAL, 99));
    open(server.uri());
    browser.choose(Files.write(folder.resolve("half.jpeg"), Arrays.copyOf(jpeg, 300)));
    idle();
    assertThat(browser.text("#problem-title")).isEqualTo("Not readable");
    assertThat(browser.text("#problem-detail")).startsWith("Message of the server: The image");
    browser.screenshot("error-light");
  }

  @Test
  void aFileThatIsTooLargeIsExplained() throws Exception {
    byte[] noise = new byte[200 * 200 * 3];
    new SplittableRandom(1).nextBytes(noise);
    try (ModelServer small = start(bundle, ServerOptions.DEFAULT.withMaxRequestBytes(20_000))) {
      open(small.uri());
      browser.choose(png("noise.png", RgbImage.of(200, 200, noise)), grey("fits.png", 180));
      idle();
      assertThat(browser.texts(".row-label")).containsExactly("Too large", "Pneumonia");
      assertThat(browser.text("#problem-detail")).contains("20000 bytes");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 503})
  void aBusyServerIsAskedAgain(int status) throws Exception {
    try (FlakyProxy proxy = new FlakyProxy(server.uri())) {
      open(proxy.uri());
      proxy.refuse(status);
      proxy.refuse(status);
      long begin = System.nanoTime();
      browser.choose(grey("patient.png", 170));
      browser.await("it says that it waits", () -> browser.text("#pending-text").contains("busy"));
      browser.screenshot("busy-light");
      idle();
      assertThat(browser.text("#verdict-label")).isEqualTo("Pneumonia");
      assertThat(proxy.images()).isEqualTo(3);
      // As long as Retry-After says, twice.
      assertThat((System.nanoTime() - begin) / 1e9).isGreaterThan(2);
    }
  }

  @Test
  void imagesCanBeCancelledAndTriedAgain() throws Exception {
    Path[] files = new Path[5];
    for (int i = 0; i < files.length; i++) {
      files[i] = grey("slow-" + i + ".png", 40 * i);
    }
    try (FlakyProxy proxy = new FlakyProxy(server.uri())) {
      open(proxy.uri());
      proxy.shut();
      browser.choose(files);
      browser.await("some are on their way", () -> proxy.images() == 2);
      browser.screenshot("progress-light");
      assertThat(browser.texts(".row-label"))
          .containsExactly("Classifying…", "Classifying…", "Waiting", "Waiting", "Waiting");
      browser.find("#cancel").click();
      idle();
      assertThat(browser.texts(".row-label")).containsOnly("Cancelled");
      assertThat(browser.text("#summary")).contains("5 cancelled");
      proxy.open();
      browser.find("#retry-all").click();
      idle();
      assertThat(browser.all(".row[data-state=done]")).hasSize(5);
      assertThat(proxy.images()).isEqualTo(7);
    }
  }

  @Test
  void whenTheServerComesBackThePageGoesOn() throws Exception {
    ModelServer mortal = start(bundle, ServerOptions.DEFAULT);
    open(mortal.uri());
    int port = mortal.port();
    mortal.close();
    browser.choose(grey("early.png", 10), grey("late.png", 240));
    browser.await("it says that the server is gone", () -> browser.seen("#gone"));
    browser.screenshot("gone-light");
    assertThat(browser.text("#gone")).contains("does not answer").contains("2 images");
    assertThat(browser.texts(".row-label")).containsOnly("Waiting");
    try (ModelServer again =
        ModelServer.start(
            bundle,
            ServerOptions.DEFAULT.withPort(port).withWorkers(1).withSamples(SAMPLES),
            line -> {})) {
      assertThat(again.port()).isEqualTo(port);
      browser.find("#gone-retry").click();
      idle();
      assertThat(browser.texts(".row-label")).containsExactly("Normal", "Pneumonia");
      assertThat(browser.seen("#gone")).isFalse();
    }
  }

  @Test
  void asksForAnApiKey() throws Exception {
    try (ModelServer locked = start(bundle, ServerOptions.DEFAULT.withApiKey("open-sesame"))) {
      browser.open(locked.uri());
      browser.await("it asks for the key", () -> browser.seen("#key-form"));
      browser.screenshot("key-light");
      assertThat(browser.seen("#about")).isFalse();
      browser.find("#key").sendKeys("wrong-key", Keys.ENTER);
      browser.await("it refuses", () -> browser.text("#key-note").contains("does not accept"));
      browser.find("#key").clear();
      browser.find("#key").sendKeys("open-sesame", Keys.ENTER);
      loaded();
      assertThat(browser.seen("#key-form")).isFalse();
      browser.choose(grey("secret.png", 220));
      idle();
      assertThat(browser.text("#verdict-label")).isEqualTo("Pneumonia");
    }
  }

  // What is said about the model.

  /** All metrics of the API, the explained ones first. */
  private static List<String> metricNames() {
    List<String> names = new ArrayList<>(List.of("AUC", "Accuracy", "Sensitivity", "Specificity"));
    for (Metric metric : Metric.values()) {
      String words = metric.id().replace('_', ' ');
      String name =
          metric == Metric.AUC
              ? "AUC"
              : Character.toUpperCase(words.charAt(0)) + words.substring(1);
      if (!names.contains(name)) {
        names.add(name);
      }
    }
    return names;
  }

  @Test
  void tellsHowGoodTheModelIs() {
    open(server.uri());
    assertThat(browser.text("#served")).contains("deepxray, version 1").contains("float32");
    List<String> names = new ArrayList<>(metricNames());
    names.add("Threshold");
    assertThat(browser.texts("#figures dt")).isEqualTo(names);
    assertThat(browser.texts(".figure-value"))
        .hasSameSizeAs(names)
        .startsWith("0.969", "90.0 %", "98.7 %", "75.6 %", "0.000")
        .endsWith("60.0 %");
    assertThat(browser.texts(".figure-interval"))
        .startsWith(
            "(0.952 to 0.981)", "(87.0 % to 92.0 %)", "(97.6 % to 99.7 %)", "(70.0 % to 81.0 %)");
    assertThat(browser.text("#figures-note")).contains("624 images");
    assertThat(browser.text("#in-words")).contains("misses about 1").contains("about 24");
    assertThat(browser.text(".notice")).startsWith("Not a medical device.");
  }

  @Test
  void showsTheModelCardAndRunsNothingOfIt() {
    open(server.uri());
    assertThat(browser.text("#card h3")).isEqualTo("bright");
    assertThat(browser.texts("#card h4")).containsExactly("Intended use", "Metrics");
    assertThat(browser.texts("#contents a")).containsExactly("Intended use", "Metrics");
    assertThat(browser.text("#card em")).isEqualTo("bright");
    assertThat(browser.text("#card blockquote strong")).isEqualTo("Not a medical device.");
    assertThat(browser.text("#card")).doesNotContain("license").contains("<script>");
    assertThat(browser.texts("#card ol > li")).hasSize(2);
    assertThat(browser.texts("#card ol ul > li"))
        .containsExactly(
            "inside, <img src=\"https://example.org/x.png\" onerror=\"alert(1)\">", "bad and good");
    assertThat(browser.text("#card code")).isEqualTo("code | here");
    assertThat(browser.texts("#card td"))
        .containsExactly("AUC", "0.969 | more", "snake_case_name", "0.9");
    assertThat(browser.all("#card script, #card img")).isEmpty();
    assertThat(browser.all("#card a"))
        .singleElement()
        .satisfies(
            link -> assertThat(link.getDomAttribute("href")).isEqualTo("https://example.org/good"));
    assertThat(browser.driver().getTitle()).isEqualTo("deepxray");
    browser.screenshotOfAll("card-light");
  }

  // For everybody.

  @Test
  void everythingWorksByKeyboard() throws Exception {
    open(server.uri());
    List<String> way = new ArrayList<>();
    tab(way);
    assertThat(way).containsExactly("Skip to the content");
    browser.press(Keys.ENTER);
    way.clear();
    tab(way);
    assertThat(way).containsExactly("files");
    // Choosing is the browser's own window; its result arrives like this.
    browser.choose(grey("first.png", 30), grey("second.png", 200));
    idle();
    while (!way.get(way.size() - 1).startsWith("bacterial")) {
      tab(way);
    }
    browser.press(Keys.ENTER);
    idle();
    assertThat(browser.texts(".row-name"))
        .containsExactly("first.png", "second.png", "bacterial-1.png");
    way.clear();
    while (!way.contains("rows")) {
      tab(way);
      assertThat(way).hasSizeLessThan(40);
    }
    assertThat(way).containsSubsequence("save", "clear", "opacity", "previous", "next", "remove");

    browser.press(Keys.ARROW_UP);
    assertThat(browser.text("#viewer-name")).isEqualTo("second.png");
    assertThat(browser.text(".row[aria-selected=true] .row-name")).isEqualTo("second.png");
    browser.press(Keys.HOME);
    assertThat(browser.text("#viewer-name")).isEqualTo("first.png");
    browser.press(Keys.DELETE);
    assertThat(browser.text("#viewer-name")).isEqualTo("second.png");
    assertThat(browser.text("#live")).isEqualTo("first.png removed.");
    assertThat(focus()).isEqualTo("rows");

    for (int i = 0; i < 4; i++) {
      browser.pressShift(Keys.TAB);
    }
    assertThat(focus()).isEqualTo("opacity");
    browser.press(Keys.ARROW_LEFT);
    assertThat(browser.text("#opacity-value")).isEqualTo("55 %");
  }

  /** Goes to the next thing, which must be seen and marked. */
  private static void tab(List<String> way) {
    browser.press(Keys.TAB);
    way.add(focus());
    assertThat(
            (Boolean)
                browser.js(
                    "const e = document.activeElement, m = e.labels?.[0] ?? e;"
                        + "const s = getComputedStyle(e.type === 'file' ? m : e);"
                        + "const r = (e.type === 'file' ? m : e).getBoundingClientRect();"
                        + "return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2"
                        + "    && r.width > 0 && r.bottom > 0 && r.top < innerHeight;"))
        .as("focus on %s is seen", way.get(way.size() - 1))
        .isTrue();
  }

  /** The id of what has the focus; "rows" in the list; else its text. */
  private static String focus() {
    return (String)
        browser.js(
            "const e = document.activeElement;"
                + "return e.closest('#rows')?.id ?? (e.id || e.innerText.trim());");
  }

  @Test
  void fitsASmallPhone() throws Exception {
    browser.open(server.uri(), 320, 640, "light");
    loaded();
    fits();
    browser.screenshotOfAll("narrow-start");
    browser.choose(
        phantom(Slice.BACTERIAL, 1),
        png("a-very-long-name-without-any-blank_".repeat(4) + ".png", PageBundle.grey(9, 200, 70)),
        text("narrow.txt"));
    idle();
    fits();
    browser.screenshot("narrow-light");
    browser.media(Map.of("prefers-color-scheme", "dark"));
    browser.screenshotOfAll("narrow-dark");
    for (int i = 1; i <= 2; i++) {
      browser.all(".row").get(i).click();
      fits();
    }
    // Large enough for fingers.
    for (WebElement button : browser.all("button, .button, input[type=range]")) {
      if (button.isDisplayed()) {
        assertThat(button.getSize().height).as(button.getText()).isGreaterThanOrEqualTo(24);
      }
    }
  }

  private static void fits() {
    assertThat(browser.number("return document.documentElement.scrollWidth")).isEqualTo(320);
    assertThat(
            (List<?>)
                browser.js(
                    "return [...document.querySelectorAll('body *')].filter(e =>"
                        + "  e.checkVisibility() && !e.closest('.scroll, #samples')"
                        + "  && e.getBoundingClientRect().right > 321).map(e => e.outerHTML)"))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"light", "dark"})
  void isReadableInLightAndDark(String colors) throws Exception {
    browser.open(server.uri(), 1280, 900, colors);
    loaded();
    browser.choose(grey("dark.png", 30), grey("light.png", 220), text("none.txt"));
    idle();
    browser.screenshotOfAll("all-" + colors);
    boolean dark = colors.equals("dark");
    assertThat(browser.number(LUMINANCE + "return luminance(back(document.body))"))
        .isBetween(dark ? 0.0 : 0.8, dark ? 0.05 : 1.0);
    for (int i = 0; i < 3; i++) {
      browser.all(".row").get(i).click();
      assertReadable();
    }
  }

  /** WCAG 2.2, 1.4.3. */
  private static void assertReadable() {
    assertThat(
            (List<?>)
                browser.js(
                    LUMINANCE
                        + "return [...document.querySelectorAll('body *')].filter(e =>"
                        + "  [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())"
                        + "  && e.checkVisibility({visibilityProperty: true})"
                        + "  && !e.closest('.skip, .blank, [aria-disabled=true], .curtain')"
                        + "  && contrast(e) < 4.5)"
                        + "  .map(e => e.className + ' ' + e.innerText + ' ' + contrast(e))"))
        .isEmpty();
  }

  private static final String LUMINANCE =
      """
      const pen = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
      const rgb = (color) => {
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = color;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data];
      };
      const back = (e) => {
        const color = rgb(getComputedStyle(e).backgroundColor);
        return color[3] === 255 || !e.parentElement ? color : back(e.parentElement);
      };
      const luminance = (c) => {
        const [r, g, b] = c.map((v) =>
          v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const contrast = (e) => {
        const [a, b] = [luminance(rgb(getComputedStyle(e).color)), luminance(back(e))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      };
      """;

  @Test
  void nothingMovesForWhoWantsItCalm() throws Exception {
    String moving =
        "return [...document.querySelectorAll('body *')].filter(e => {"
            + "  const s = getComputedStyle(e);"
            + "  return s.animationName !== 'none' || parseFloat(s.transitionDuration) > 0;"
            + "}).length";
    open(server.uri());
    browser.choose(grey("calm.png", 90));
    idle();
    assertThat(browser.number(moving)).isZero();
    browser.media(Map.of("prefers-reduced-motion", "no-preference"));
    assertThat(browser.number(moving)).isPositive();
  }

  @Test
  void everythingHasANameForThoseWhoDoNotSee() throws Exception {
    open(server.uri());
    browser.choose(grey("named-1.png", 90), grey("named-2.png", 190));
    idle();
    for (WebElement element :
        browser.all("button, input, a, [role=listbox], [role=option], [role=img], nav, article")) {
      if (element.isDisplayed()) {
        assertThat(element.getAccessibleName()).as(element.getTagName()).isNotBlank();
      }
    }
    assertThat(browser.find("#picture").getDomAttribute("alt")).contains("named-1.png: Normal");
    assertThat(browser.find("#opacity").getAccessibleName()).isEqualTo("Heat map");
    assertThat(browser.find("#live").getDomAttribute("aria-live")).isEqualTo("polite");
    assertThat(browser.find("html").getDomAttribute("lang")).isEqualTo("en");
    // Headings go down one level at a time.
    List<?> levels =
        (List<?>)
            browser.js(
                "return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]"
                    + ".filter(h => h.checkVisibility()).map(h => Number(h.tagName[1]))");
    int last = 0;
    for (Object level : levels) {
      assertThat(((Number) level).intValue()).isLessThanOrEqualTo(last + 1);
      last = ((Number) level).intValue();
    }
    assertThat((Long) levels.get(0)).isEqualTo(1);
  }

  @Test
  void talksToItsOwnServerOnly() throws Exception {
    open(server.uri());
    browser.find(".sample").click();
    browser.choose(grey("private.png", 128));
    idle();
    browser.find("#save").click();
    String own = server.uri().toString();
    assertThat(browser.requests())
        .anyMatch(address -> address.equals(own + "/api/classify"))
        .anyMatch(address -> address.equals(own + "/style.css"))
        .allMatch(
            address -> address.startsWith(own + "/") || address.startsWith("blob:" + own + "/"));
    assertThat(browser.text("#privacy")).contains(server.uri().getAuthority());
    assertThat(browser.complaints()).isEmpty();
  }
}
