/** What a bundle, the folder of a classifier in all its deployable forms, says by being read. */
package io.github.deepxray.core.bundle;
