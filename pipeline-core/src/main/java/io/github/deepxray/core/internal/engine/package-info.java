/** Pools of engines, native libraries and the processor that they run on. */
package io.github.deepxray.core.internal.engine;
