/** Several trackers as one. */
package io.github.deepxray.track.internal;
