/** Image files of any format and drawing of heat maps. */
package io.github.deepxray.core.internal.image;
