package io.github.deepxray.core.bundle;

/**
 * What a model says about an image.
 *
 * @param label the class it decides for
 * @param probability of the second class, pneumonia, 0..1
 * @param threshold from which probability on it decides for that class
 */
public record Prediction(String label, double probability, double threshold) {}
