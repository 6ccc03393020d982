package io.github.deepxray.export.report;

import io.github.deepxray.datasets.DatasetManifest;
import java.util.Map;

/** Where a classifier is from, as the contents of both kinds of reports know it. */
interface Origins {
  /** The hash of its weights. */
  String weights();

  /** What it was trained and evaluated on. */
  DatasetManifest dataset();

  /** Versions of this library and the native ones. */
  Map<String, String> versions();

  /** The kind of machine that wrote the bundle. */
  Map<String, String> host();
}
