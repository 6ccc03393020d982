package io.github.deepxray.report;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/**
 * Writes HTML, inline SVG included, that is well-formed XML as well.
 *
 * <p>Text and attribute values are escaped and there is no way to write markup but by elements, so
 * what comes from a file cannot become markup. Characters that XML does not know are replaced by
 * U+FFFD.
 */
public final class Html {
  /**
   * The look that all pages share: colours by the reader's choice of light or dark, tables, quiet
   * lines. Pages append their own rules.
   */
  public static final String STYLE =
      """
      :root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --page: #ffffff;
        --raised: #f6f8fa; --line: #d0d7de; --bar: #0b5cad; --bad: #b3261e; --cut: #b3261e22; }
      @media (prefers-color-scheme: dark) {
        :root { --text: #e6edf3; --soft: #9aa4ae; --page: #0d1117; --raised: #161b22;
          --line: #3d444d; --bar: #6cb6ff; --bad: #ff8a80; --cut: #ff8a8033; } }
      body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: var(--text);
        background: var(--page); font: 15px/1.5 system-ui, sans-serif; }
      h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
      .scroll { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
      th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap;
        border-bottom: 1px solid var(--line); }
      th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
      th:first-child, td:first-child, .left { text-align: left; }
      .soft { color: var(--soft); } .bad { color: var(--bad); font-weight: 600; }
      svg { display: block; } svg text { fill: var(--soft); font-size: 11px; }
      """;

  private static final char REPLACEMENT = '\uFFFD';

  /** Elements after which a line ends, so that the text is readable. */
  private static final Set<String> BLOCKS =
      Set.of(
          "body",
          "dd",
          "div",
          "dl",
          "dt",
          "figcaption",
          "figure",
          "footer",
          "h1",
          "h2",
          "h3",
          "head",
          "header",
          "html",
          "li",
          "main",
          "nav",
          "p",
          "section",
          "style",
          "svg",
          "table",
          "tbody",
          "thead",
          "title",
          "tr",
          "ul");

  /** Elements that have no content: HTML's void elements and SVG's shapes. */
  private static final Set<String> EMPTY =
      Set.of(
          "br",
          "circle",
          "col",
          "hr",
          "img",
          "line",
          "meta",
          "path",
          "polygon",
          "polyline",
          "rect");

  private final StringBuilder out = new StringBuilder();
  private final Deque<String> open = new ArrayDeque<>();

  /** Begins a part of a page, for {@link #add}. */
  public Html() {}

  /**
   * Begins a page; what is written next is in its body. The browser is told to load nothing and to
   * run no script.
   *
   * @param title of the page
   * @param style its style sheet, without {@code <} and {@code &}
   */
  public static Html page(String title, String style) {
    if (style.indexOf('<') >= 0 || style.indexOf('&') >= 0) {
      throw new IllegalArgumentException("a style sheet with markup");
    }
    Html html = new Html();
    html.out.append("<!DOCTYPE html>\n");
    html.open("html", "lang", "en").open("head");
    html.empty("meta", "charset", "utf-8");
    html.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    html.empty(
        "meta",
        "http-equiv",
        "Content-Security-Policy",
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    html.element("title", title).open("style");
    html.out.append('\n').append(style);
    return html.close().close().open("body");
  }

  /**
   * Begins an element.
   *
   * @param name of the element
   * @param attributes names and values in turn
   */
  public Html open(String name, String... attributes) {
    if (EMPTY.contains(name)) {
      throw new IllegalArgumentException(name + " has no content");
    }
    start(name, attributes);
    out.append('>');
    open.push(name);
    return this;
  }

  /** Ends the element that was begun last. */
  public Html close() {
    String name = open.pop();
    out.append("</").append(name).append('>');
    if (BLOCKS.contains(name)) {
      out.append('\n');
    }
    return this;
  }

  /** An element without content, such as {@code img} or SVG's {@code line}. */
  public Html empty(String name, String... attributes) {
    if (!EMPTY.contains(name)) {
      throw new IllegalArgumentException(name + " must be opened and closed");
    }
    start(name, attributes);
    out.append("/>");
    if (name.equals("meta") || name.equals("img")) {
      out.append('\n');
    }
    return this;
  }

  /** An element that holds nothing but text. */
  public Html element(String name, String text, String... attributes) {
    return open(name, attributes).text(text).close();
  }

  /** Text; what could be markup in it is escaped. */
  public Html text(String text) {
    escape(text);
    return this;
  }

  /**
   * What another has written.
   *
   * @throws IllegalStateException if one of its elements is still open
   */
  public Html add(Html part) {
    part.requireClosed();
    out.append(part.out);
    return this;
  }

  private void start(String name, String... attributes) {
    if (attributes.length % 2 != 0) {
      throw new IllegalArgumentException("an attribute of " + name + " has no value");
    }
    out.append('<').append(name);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      escape(attributes[i + 1]);
      out.append('"');
    }
  }

  private void escape(String text) {
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.appendCodePoint(inXml(c) ? c : REPLACEMENT);
              }
            });
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

  private void requireClosed() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("still open: " + open);
    }
  }

  /**
   * Ends a page that {@link #page} began.
   *
   * @throws IllegalStateException if an element of its body is still open
   */
  public String endPage() {
    close().close();
    requireClosed();
    return out.toString();
  }

  /** What was written so far. */
  @Override
  public String toString() {
    return out.toString();
  }
}
