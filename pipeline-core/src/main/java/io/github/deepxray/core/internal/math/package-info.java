/** Linear algebra. */
package io.github.deepxray.core.internal.math;
