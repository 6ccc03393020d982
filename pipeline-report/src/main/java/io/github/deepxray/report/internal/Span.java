package io.github.deepxray.report.internal;

/** A piece of text in one look, for cells and paragraphs that have several. */
record Span(Look look, String text) {
  /** How a template shows it. */
  enum Look {
    PLAIN,
    BOLD,
    CODE,
    /** Less important. */
    SOFT,
    /** What an artifact is, below its file. */
    FORM,
    /** Not broken over lines. */
    TOGETHER,
    /** What sets a row apart, below its name. */
    TAG,
    /** The end of a line. */
    BREAK
  }

  static Span plain(String text) {
    return new Span(Look.PLAIN, text);
  }

  static Span bold(String text) {
    return new Span(Look.BOLD, text);
  }

  static Span code(String text) {
    return new Span(Look.CODE, text);
  }

  static Span soft(String text) {
    return new Span(Look.SOFT, text);
  }

  static Span lineBreak() {
    return new Span(Look.BREAK, "");
  }
}
