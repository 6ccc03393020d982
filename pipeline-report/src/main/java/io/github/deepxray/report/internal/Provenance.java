package io.github.deepxray.report.internal;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.core.internal.Version;
import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.train.TrainedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Provenance of a bundle for reproduction: the content of {@code provenance.json}. It has no time
 * and no host name, so that the same input on the same kind of machine produces the same file.
 *
 * @param format version of this file
 * @param source kind and hash of the image source
 * @param dataset hash of the shards
 * @param training description of the training, with hashes of backbone and data
 * @param weights hash of the trained classifier's weights
 * @param config effective options of the command, by name
 * @param versions versions of this library and the native libraries
 * @param host kind of machine
 * @param adaptations adaptations to sites, the first one first; empty as exported
 */
public record Provenance(
    String format,
    DatasetManifest.Source source,
    String dataset,
    TrainedModel.Description training,
    String weights,
    Map<String, String> config,
    Map<String, String> versions,
    Map<String, String> host,
    @Omittable @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Adapted> adaptations) {
  /**
   * Adaptation to a site.
   *
   * @param parent hash of the list of checksums of the bundle that was adapted
   * @param source kind and hash of the image source
   * @param config effective options, by name
   * @param version version of this library
   */
  public record Adapted(
      String parent, DatasetManifest.Source source, Map<String, String> config, String version) {
    /** Copies the map. */
    public Adapted {
      config = Map.copyOf(config);
    }
  }

  /** The name of the file. */
  public static final String FILE = "provenance.json";

  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-provenance/1";

  /** Copies the collections. */
  public Provenance {
    config = Map.copyOf(config);
    versions = Map.copyOf(versions);
    host = Map.copyOf(host);
    adaptations = adaptations == null ? List.of() : List.copyOf(adaptations);
  }

  /** Returns a copy with one more adaptation. */
  public Provenance with(Adapted adaptation) {
    List<Adapted> all = new ArrayList<>(adaptations);
    all.add(adaptation);
    return new Provenance(format, source, dataset, training, weights, config, versions, host, all);
  }

  /** Returns the kind of this machine. */
  public static Map<String, String> thisHost() {
    Map<String, String> host = new TreeMap<>();
    host.put("os", System.getProperty("os.name"));
    host.put("arch", System.getProperty("os.arch"));
    host.put("java", System.getProperty("java.version"));
    host.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    return host;
  }

  /** Returns the kind of this machine as text, for measurements. */
  public static String thisMachine() {
    Map<String, String> host = thisHost();
    return "%s %s, %s processors, Java %s"
        .formatted(host.get("os"), host.get("arch"), host.get("processors"), host.get("java"));
  }

  /** Returns the versions of this library and of the native libraries. */
  public static Map<String, String> versions(Map<String, String> natives) {
    Map<String, String> versions = new TreeMap<>(natives);
    versions.put("deepxray", Version.current());
    return versions;
  }
}
