/** What a source of images may hold, and which of its files are no images. */
package io.github.deepxray.datasets.source;
