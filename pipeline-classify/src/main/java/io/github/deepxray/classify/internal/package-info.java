/** Gate that checks every artifact of a bundle. */
package io.github.deepxray.classify.internal;
