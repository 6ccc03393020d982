/** Models as {@code .tflite} files: writing them, describing them and running them. */
package io.github.deepxray.tflite.internal;
