package io.github.deepxray.report.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.internal.quantize.LayerReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

class LayerReportPageTest {
  @TempDir private Path folder;

  private static LayerReport.Entry layer(String name, OptionalDouble alone, double accumulated) {
    return new LayerReport.Entry(
        name,
        "Conv2D",
        List.of(7, 7, 3),
        alone.isPresent(),
        -2,
        6,
        -1,
        5,
        0.0235,
        -85,
        0.0125,
        OptionalDouble.empty(),
        alone,
        accumulated,
        List.of(0.25, 1.0, 0.5, 0.125));
  }

  private static LayerReport report(LayerReport.Entry... layers) {
    return new LayerReport("three & more", "int8", "<out>", 12, 10, List.of(layers));
  }

  @Test
  void standsAloneAndEscapes() throws IOException {
    LayerReport report =
        report(
            layer("<first>", OptionalDouble.of(40), 35),
            layer("second", OptionalDouble.of(10), 12),
            layer("third", OptionalDouble.empty(), 11));
    Path json = folder.resolve("layers.json");
    report.writeJson(json);
    assertThat(LayerReportPage.drawBeside(json)).isEqualTo(folder.resolve("layers.html"));
    String html = Files.readString(folder.resolve("layers.html"));
    assertThat(html)
        .startsWith("<!DOCTYPE html>")
        .contains("three &amp; more", "&lt;first&gt;", "prefers-color-scheme: dark", "<svg")
        .doesNotContain("<first>", "<script", "http:", "https:", "NaN", "Infinity");
    LayerReportPage.drawBeside(json);
    assertThat(folder.resolve("layers.html")).hasContent(html);
    Page page = Page.parse(html);
    // 10 dB are a tenth of the power.
    assertThat(page.text())
        .contains("the signal-to-noise ratio at <out> is 10.0 dB: 10.0 % of the power is noise")
        .contains(
            "Most noise comes from second (10.0 % noise alone), <first> (less than 0.1 % noise");
  }

  @Test
  void theLayersThatHurtMostComeFirst() {
    Page page =
        Page.parse(
            LayerReportPage.html(
                report(
                    layer("a", OptionalDouble.of(40), 35),
                    layer("b", OptionalDouble.of(10), 12),
                    layer("c", OptionalDouble.empty(), 11))));
    List<Element> tables = page.all("table");
    assertThat(names(tables.get(0))).containsExactly("b", "a");
    assertThat(names(tables.get(1))).containsExactly("a", "b", "c");
    // What lies outside the range, 1 of 8 on each side, is shaded.
    Element histogram = Page.all(tables.get(0), "svg").get(0);
    assertThat(
            Page.all(histogram, "rect").stream()
                .filter(rect -> rect.getAttribute("class").equals("cut"))
                .map(rect -> rect.getAttribute("width")))
        .containsExactly("1", "1");
  }

  private static List<String> names(Element table) {
    return Page.all(Page.all(table, "tbody").get(0), "tr").stream()
        .map(row -> Page.all(row, "*").get(0).getTextContent())
        .toList();
  }

  @Test
  void layersThatDoNoHarmAreNotBlamed() {
    assertThat(LayerReportPage.html(report(layer("a", OptionalDouble.of(LayerReport.EXACT), 150))))
        .contains("No layer alone adds measurable noise", "exact");
  }

  @Test
  void aDamagedReportIsRefusedInOneLine() throws IOException {
    Path json = folder.resolve("layers.json");
    Files.writeString(json, "{\"network\":\"x\"}");
    assertThatThrownBy(() -> LayerReportPage.drawBeside(json))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(json.toString());
  }
}
