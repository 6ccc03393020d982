/** The gate that every artifact of a bundle passes. */
package io.github.deepxray.classify.internal;
