/** Options of bundles, the purpose of their models, and results of verification. */
package io.github.deepxray.export;
