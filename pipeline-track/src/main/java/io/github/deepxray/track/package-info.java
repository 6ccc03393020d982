/**
 * What watches a run from outside and keeps what it saw where people look at experiments: event
 * files for TensorBoard, runs and models in MLflow. A {@link io.github.deepxray.track.Tracker} is a
 * {@link io.github.deepxray.train.stage.TrainingListener}, so that training knows nothing of it;
 * each is offered by a {@link io.github.deepxray.track.TrackerFactory}, those of other libraries
 * too. What trackers write is no part of the bundle: it holds the time of day.
 */
package io.github.deepxray.track;
