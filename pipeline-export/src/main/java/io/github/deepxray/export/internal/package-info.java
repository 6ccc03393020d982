/**
 * From a trained classifier to files that others deploy: the bundle, its verification and
 * prediction with what is in it.
 */
package io.github.deepxray.export.internal;
