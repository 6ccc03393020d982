package io.github.deepxray.report.internal;

/** A chart and what is written below it. */
record Figure(Svg chart, String caption) {}
