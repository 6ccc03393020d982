/** Common parts of trainings: learning rates, optimizers, checkpoints, loss. */
package io.github.deepxray.train.internal.loop;
