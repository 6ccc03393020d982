package io.github.deepxray.core.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
  @TempDir Path folder;

  /** In an order that is not that of the alphabet. */
  record Row(String name, int count, float share) {}

  @Test
  void quotesOnlyWhatNeedsIt() throws IOException {
    Path file = folder.resolve("a/rows.csv");
    List<Row> rows =
        List.of(
            new Row("plain, but for a comma", 1, 0.1f),
            new Row("a name of more than twenty-four characters", 2, 1e-7f),
            new Row("a \"quote\"", -3, Float.MIN_VALUE),
            new Row("two\nlines", 4, Float.MAX_VALUE),
            new Row("häßlich 肺", 5, 1));
    Csv.write(file, Row.class, rows);
    assertThat(file)
        .hasContent(
            """
            name,count,share
            "plain, but for a comma",1,0.1
            a name of more than twenty-four characters,2,1.0E-7
            "a ""quote\""",-3,1.4E-45
            "two
            lines",4,3.4028235E38
            häßlich 肺,5,1.0
            """);
    assertThat(Csv.read(file, Row.class)).isEqualTo(rows);
  }

  @Test
  void keepsAnEmptyFilesHeader() throws IOException {
    Path file = folder.resolve("rows.csv");
    Csv.write(file, Row.class, List.of());
    assertThat(file).hasContent("name,count,share\n");
    assertThat(Csv.read(file, Row.class)).isEmpty();
  }

  @Test
  void readsTheLineBreaksOfWindows() throws IOException {
    Path file = folder.resolve("rows.csv");
    Files.writeString(file, "name,count,share\r\na,1,0.5\r\n");
    assertThat(Csv.read(file, Row.class)).containsExactly(new Row("a", 1, 0.5f));
  }

  @Test
  void namesTheLineThatDoesNotFit() throws IOException {
    Path file = folder.resolve("rows.csv");
    for (String bad : new String[] {"b,x,0.5", "b,,0.5", "b,1", "b,1,0.5,7", "b,1.5,0.5"}) {
      Files.writeString(file, "name,count,share\na,1,0.5\n" + bad + "\nc,1,0.5\n");
      assertThatThrownBy(() -> Csv.read(file, Row.class))
          .as(bad)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(file + ", line 3");
    }
  }

  @Test
  void wantsItsOwnHeader() throws IOException {
    Path file = folder.resolve("rows.csv");
    for (String header : new String[] {"name,share,count", "name,count", "a,1,0.5", ""}) {
      Files.writeString(file, header + "\n");
      assertThatThrownBy(() -> Csv.read(file, Row.class))
          .as(header)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(file.toString());
    }
  }
}
