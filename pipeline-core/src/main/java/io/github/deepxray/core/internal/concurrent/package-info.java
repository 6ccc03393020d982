/** Helpers for work on several threads. */
package io.github.deepxray.core.internal.concurrent;
