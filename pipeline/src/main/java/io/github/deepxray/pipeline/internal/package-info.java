/** Texts of the front door that are not for users. */
package io.github.deepxray.pipeline.internal;
