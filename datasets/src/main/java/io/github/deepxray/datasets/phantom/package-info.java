/**
 * Drawings that look a little like chest X-rays, to try the pipeline without data. They are made by
 * arithmetic, show no patient and nothing may be learnt from them about disease.
 */
package io.github.deepxray.datasets.phantom;
