/**
 * Experiment tracking: TensorBoard event files, and runs and models in MLflow. A {@link
 * io.github.deepxray.track.Tracker} is a {@link io.github.deepxray.train.stage.TrainingListener},
 * so that training does not depend on trackers; a {@link io.github.deepxray.track.TrackerFactory}
 * provides it, also from other libraries. Files of trackers contain times and are not part of the
 * bundle.
 */
package io.github.deepxray.track;
