/** Engine pools, native libraries and processor features. */
package io.github.deepxray.core.internal.engine;
