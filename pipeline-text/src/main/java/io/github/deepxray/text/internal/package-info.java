/** Reading and writing of YAML and CSV, with limits. */
package io.github.deepxray.text.internal;
