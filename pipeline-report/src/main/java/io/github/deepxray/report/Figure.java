package io.github.deepxray.report;

/** A chart and what is written below it. */
record Figure(Svg chart, String caption) {}
