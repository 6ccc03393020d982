/**
 * Runs, metrics, bundles and models in an MLflow tracking server, version 2 or 3 of its REST
 * interface, through MLflow's Java client. The client hands artifacts to a Python program; here
 * they are uploaded over HTTP instead.
 */
package io.github.deepxray.track.internal.mlflow;
