/**
 * Phantoms: synthetic drawings similar to chest X-rays, to try the pipeline without data. They show
 * no patient and must not be used to learn about disease.
 */
package io.github.deepxray.datasets.phantom;
