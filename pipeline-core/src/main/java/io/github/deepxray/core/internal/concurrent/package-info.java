/** Work done by several threads. */
package io.github.deepxray.core.internal.concurrent;
