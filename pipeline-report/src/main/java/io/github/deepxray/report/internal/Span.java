package io.github.deepxray.report.internal;

/** Text span with one style. */
record Span(Look look, String text) {
  /** Style of a span. */
  enum Look {
    PLAIN,
    BOLD,
    CODE,
    /** Less important. */
    SOFT,
    /** Form of an artifact, below its file name. */
    FORM,
    /** Without line breaks. */
    TOGETHER,
    /** Tag of a row, below its name. */
    TAG,
    /** Line break. */
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
