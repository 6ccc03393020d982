/** Feature vectors of a frozen backbone, computed once for each image and cached on disk. */
package io.github.deepxray.train.internal.embedding;
