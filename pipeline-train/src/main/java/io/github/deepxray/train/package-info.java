/** Training and evaluation: from image records to a trained network with its metrics. */
package io.github.deepxray.train;
