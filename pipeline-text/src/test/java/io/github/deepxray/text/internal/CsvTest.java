package io.github.deepxray.text.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
  @TempDir Path folder;

  /** In an order that is not that of the alphabet. */
  record Row(String name, int count, float share) {}

  @Test
  void quotesOnlyWhatNeedsIt() throws IOException {
    List<Row> rows =
        List.of(
            new Row("plain, but for a comma", 1, 0.1f),
            new Row("a name of more than twenty-four characters", 2, 1e-7f),
            new Row("a \"quote\"", -3, Float.MIN_VALUE),
            new Row("two\nlines", 4, Float.MAX_VALUE),
            new Row("häßlich 肺", 5, 1));
    StringBuilder text = new StringBuilder(Csv.header(Row.class)).append('\n');
    rows.forEach(row -> text.append(Csv.line(row)));
    assertThat(text)
        .hasToString(
            """
            name,count,share
            "plain, but for a comma",1,0.1
            a name of more than twenty-four characters,2,1.0E-7
            "a ""quote\""",-3,1.4E-45
            "two
            lines",4,3.4028235E38
            häßlich 肺,5,1.0
            """);
    assertThat(rows(text.toString()).stream().map(CsvTest::row)).containsExactlyElementsOf(rows);
  }

  @Test
  void aTableHasTheColumnsOfItsFirstRow() {
    Map<String, String> first = new LinkedHashMap<>();
    first.put("b", "1");
    first.put("a", "x,y");
    assertThat(Csv.table(List.of(first, Map.of("a", "z", "b", "2"))))
        .isEqualTo("b,a\n1,\"x,y\"\n2,z\n");
    assertThat(Csv.line(List.of("a", "b c", "d,e"))).isEqualTo("a,b c,\"d,e\"\n");
  }

  @Test
  void readsTheLineBreaksOfWindowsAndSkipsEmptyLines() throws IOException {
    assertThat(rows("name,count\r\na,1\r\n\r\nb,2\r\n"))
        .containsExactly(Map.of("name", "a", "count", "1"), Map.of("name", "b", "count", "2"));
  }

  @Test
  void readsWhatSpreadsheetsSeparateByOtherThanCommas() throws IOException {
    for (String separator : List.of(",", ";", "\t")) {
      assertThat(rows("name" + separator + "count\na" + separator + "1\n"))
          .as(separator)
          .containsExactly(Map.of("name", "a", "count", "1"));
    }
  }

  @Test
  void namesTheLineThatDoesNotFit() {
    for (String bad : List.of("b", "b,1,0.5,7", "\"b\"x,1,0.5")) {
      assertThatThrownBy(() -> rows("name,count,share\na,1,0.5\n" + bad + "\nc,1,0.5\n"))
          .as(bad)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(folder.resolve("rows.csv") + ", line 3: it does not have");
    }
  }

  @Test
  void wantsTheColumnsThatAreRequired() {
    assertThatThrownBy(() -> rows("name,share\na,1\n"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("header has no column count");
    assertThatThrownBy(() -> rows(" \n"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("is empty");
  }

  private List<Map<String, String>> rows(String text) throws IOException {
    return Csv.rows(Files.writeString(folder.resolve("rows.csv"), text), List.of("name", "count"));
  }

  private static Row row(Map<String, String> cells) {
    return new Row(
        cells.get("name"),
        Integer.parseInt(cells.get("count")),
        Float.parseFloat(cells.get("share")));
  }
}
