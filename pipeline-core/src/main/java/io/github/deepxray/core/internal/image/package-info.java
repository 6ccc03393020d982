/** Reading of image files. */
package io.github.deepxray.core.internal.image;
