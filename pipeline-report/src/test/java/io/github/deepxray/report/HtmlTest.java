package io.github.deepxray.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class HtmlTest {
  private static Document parse(String page) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(page)));
  }

  @Test
  void whatIsWrittenComesBackFromAParser() throws Exception {
    String hostile = "</title><script>alert('x')</script> & \"quoted\" ]]> <!--";
    Html page = Html.page(hostile, Html.STYLE);
    page.element("p", hostile, "title", hostile, "class", "soft");
    page.add(new Html().open("ul").element("li", "part").close());
    Document parsed = parse(page.endPage());
    assertThat(parsed.getElementsByTagName("title").item(0).getTextContent()).isEqualTo(hostile);
    Element paragraph = (Element) parsed.getElementsByTagName("p").item(0);
    assertThat(paragraph.getTextContent()).isEqualTo(hostile);
    assertThat(paragraph.getAttribute("title")).isEqualTo(hostile);
    assertThat(parsed.getElementsByTagName("script").getLength()).isZero();
    assertThat(parsed.getElementsByTagName("li").item(0).getTextContent()).isEqualTo("part");
  }

  @Test
  void charactersThatXmlDoesNotKnowAreReplaced() throws Exception {
    Html page = Html.page("t", "");
    page.element("p", "a\u0000b\u001bc\ud800d\uffffe \ud83e\ude7b é");
    assertThat(parse(page.endPage()).getElementsByTagName("p").item(0).getTextContent())
        .isEqualTo("a\ufffdb\ufffdc\ufffdd\ufffde \ud83e\ude7b é");
  }

  @Test
  void whatWouldNotBeWellFormedIsRefused() {
    assertThatThrownBy(() -> new Html().open("p").add(new Html().open("b")))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Html.page("t", "").open("div").endPage())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new Html().empty("div")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Html().open("br")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Html().open("p", "class"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Html.page("t", "</style>"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
