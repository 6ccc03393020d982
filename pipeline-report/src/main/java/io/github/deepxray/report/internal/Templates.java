package io.github.deepxray.report.internal;

import gg.jte.TemplateOutput;
import gg.jte.html.HtmlTemplateOutput;
import gg.jte.html.OwaspHtmlTemplateOutput;
import gg.jte.output.StringOutput;
import java.util.function.Consumer;

/** Rendering of the templates, which are compiled with this module. */
final class Templates {
  private static final char REPLACEMENT = '\uFFFD';

  private Templates() {}

  /**
   * Renders an HTML page that is also well-formed XML: values are escaped, and characters that are
   * not allowed in XML are replaced by U+FFFD.
   */
  static String html(Consumer<HtmlTemplateOutput> template) {
    XmlOutput output = new XmlOutput();
    template.accept(new OwaspHtmlTemplateOutput(output));
    return output.text.toString();
  }

  /** Renders plain text without escaping. */
  static String text(Consumer<TemplateOutput> template) {
    StringOutput output = new StringOutput();
    template.accept(output);
    return output.toString();
  }

  /** Output that replaces characters that are not allowed in XML. */
  private static final class XmlOutput implements TemplateOutput {
    private final StringBuilder text = new StringBuilder();

    @Override
    public void writeContent(String value) {
      value.codePoints().forEach(c -> text.appendCodePoint(inXml(c) ? c : REPLACEMENT));
    }

    @Override
    public void writeContent(String value, int beginIndex, int endIndex) {
      writeContent(value.substring(beginIndex, endIndex));
    }

    /** Whether a character is allowed in XML 1.0 and is not a DEL or C1 control character. */
    private static boolean inXml(int c) {
      return c == '\t'
          || c == '\n'
          || (c >= 0x20 && c < 0x7f)
          || (c >= 0xa0 && c <= 0xd7ff)
          || (c >= 0xe000 && c <= 0xfffd)
          || c >= 0x10000;
    }
  }
}
