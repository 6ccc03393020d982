package io.github.deepxray.report.internal;

import io.github.deepxray.core.internal.Version;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.train.TrainedModel;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything needed to make a bundle again and compare: the content of {@code provenance.json}. It
 * holds no time and no host name, so that the same input on the same kind of machine gives the same
 * file.
 *
 * @param format the version of this file
 * @param source the kind of the image source and its hash
 * @param dataset the hash of the shards
 * @param training how the classifier came about, hashes of backbone and data included
 * @param weights the hash of the trained classifier's weights
 * @param config the effective options of the command that ran, by name
 * @param versions of this library and the native libraries
 * @param host the kind of machine
 */
public record Provenance(
    String format,
    DatasetManifest.Source source,
    String dataset,
    TrainedModel.Description training,
    String weights,
    Map<String, String> config,
    Map<String, String> versions,
    Map<String, String> host) {
  /** The name of the file. */
  public static final String FILE = "provenance.json";

  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-provenance/1";

  /** Copies the maps. */
  public Provenance {
    config = Map.copyOf(config);
    versions = Map.copyOf(versions);
    host = Map.copyOf(host);
  }

  /** The kind of this machine. */
  public static Map<String, String> thisHost() {
    Map<String, String> host = new TreeMap<>();
    host.put("os", System.getProperty("os.name"));
    host.put("arch", System.getProperty("os.arch"));
    host.put("java", System.getProperty("java.version"));
    host.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    return host;
  }

  /** The kind of this machine in words, for what was measured on it. */
  public static String thisMachine() {
    Map<String, String> host = thisHost();
    return "%s %s, %s processors, Java %s"
        .formatted(host.get("os"), host.get("arch"), host.get("processors"), host.get("java"));
  }

  /** The versions of this library and of the native ones. */
  public static Map<String, String> versions(Map<String, String> natives) {
    Map<String, String> versions = new TreeMap<>(natives);
    versions.put("deepxray", Version.current());
    return versions;
  }
}
