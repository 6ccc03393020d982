/** Internal texts of the pipeline. */
package io.github.deepxray.pipeline.internal;
