/** Files that are never half written, their hashes, and JSON. */
package io.github.deepxray.core.internal.io;
