package io.github.deepxray.report.internal;

import gg.jte.TemplateOutput;
import gg.jte.html.HtmlTemplateOutput;
import gg.jte.html.OwaspHtmlTemplateOutput;
import gg.jte.output.StringOutput;
import java.util.function.Consumer;

/** Renders the templates, which are compiled with this module. */
final class Templates {
  private static final char REPLACEMENT = '\uFFFD';

  private Templates() {}

  /**
   * Renders a page that is well-formed XML as well: what comes from values is escaped, and
   * characters that XML does not know are replaced by U+FFFD.
   */
  static String html(Consumer<HtmlTemplateOutput> template) {
    XmlOutput output = new XmlOutput();
    template.accept(new OwaspHtmlTemplateOutput(output));
    return output.text.toString();
  }

  /** Renders plain text: nothing is escaped. */
  static String text(Consumer<TemplateOutput> template) {
    StringOutput output = new StringOutput();
    template.accept(output);
    return output.toString();
  }

  /** Collects text with the characters of XML alone. */
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

    /** The characters of XML 1.0, without the control characters that only invite mischief. */
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
