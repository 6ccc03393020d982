package io.github.deepxray.track;

import java.nio.file.Path;

/**
 * The bundle that a run came to.
 *
 * @param folder where it is
 * @param name what the model is called
 * @param blessed whether the gate let every artifact through
 */
public record TrackedBundle(Path folder, String name, boolean blessed) {}
