/** Reads and writes the text formats YAML and CSV, within bounds. */
package io.github.deepxray.text.internal;
