/** Atomic writing of files, hashes, and JSON. */
package io.github.deepxray.core.internal.io;
