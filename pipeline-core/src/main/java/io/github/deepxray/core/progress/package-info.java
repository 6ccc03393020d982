/** Progress listeners of long work. */
package io.github.deepxray.core.progress;
