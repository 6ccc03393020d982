/** TFLite: writes, describes and runs models as {@code .tflite} files. */
package io.github.deepxray.tflite.internal;
