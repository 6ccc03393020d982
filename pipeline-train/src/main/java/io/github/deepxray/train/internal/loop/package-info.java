/** What every training has in common: learning rates, optimizers, checkpoints, the loss. */
package io.github.deepxray.train.internal.loop;
