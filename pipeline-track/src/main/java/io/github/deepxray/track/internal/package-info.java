/** Tracker that notifies several trackers. */
package io.github.deepxray.track.internal;
