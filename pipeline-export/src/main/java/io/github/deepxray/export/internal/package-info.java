/** Writing and verification of bundles. */
package io.github.deepxray.export.internal;
