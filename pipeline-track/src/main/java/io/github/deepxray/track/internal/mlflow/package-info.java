/**
 * Runs, metrics, bundles and models in an MLflow tracking server, version 2 or 3 of its REST
 * interface, through MLflow's Java client. The client uploads artifacts with a Python program; here
 * they are uploaded over HTTP.
 */
package io.github.deepxray.track.internal.mlflow;
