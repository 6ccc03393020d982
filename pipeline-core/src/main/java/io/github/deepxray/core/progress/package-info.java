/** How long work says how far it is, without knowing who listens. */
package io.github.deepxray.core.progress;
