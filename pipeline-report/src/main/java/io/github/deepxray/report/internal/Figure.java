package io.github.deepxray.report.internal;

/** Chart with its caption. */
record Figure(Svg chart, String caption) {}
