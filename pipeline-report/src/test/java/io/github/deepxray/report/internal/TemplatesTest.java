package io.github.deepxray.report.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/** What templates show comes back from a parser as it was, and as text. */
class TemplatesTest {
  private static Page bundles(String caption, String cell) {
    Table table = Table.of(caption, "head").row(List.of(Cell.of("soft", cell)));
    return Page.parse(Templates.html(out -> JtebundlesGenerated.render(out, null, table)));
  }

  @Test
  void whatIsShownComesBackFromAParser() {
    String hostile = "</title><script>alert('x')</script> & \"quoted\" ]]> <!-- `${x}` @if(true)";
    Page page = bundles(hostile, hostile);
    assertThat(page.all("caption").get(0).getTextContent()).isEqualTo(hostile);
    assertThat(page.styled("scroll").get(0).getAttribute("aria-label")).isEqualTo(hostile);
    Element cell = page.styled("soft").get(0);
    assertThat(cell.getTextContent()).isEqualTo(hostile);
    assertThat(page.all("script")).isEmpty();
  }

  @Test
  void charactersThatXmlDoesNotKnowAreReplaced() {
    Page page = bundles("t", "a\u0000b\u001bc\ud800d\uffffe \ud83e\ude7b é");
    assertThat(page.styled("soft").get(0).getTextContent())
        .isEqualTo("a\ufffdb\ufffdc\ufffdd\ufffde \ud83e\ude7b é");
  }
}
