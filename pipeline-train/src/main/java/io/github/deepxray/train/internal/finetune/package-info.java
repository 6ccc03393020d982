/** Training the last layers of the backbone, or all of them, together with the head. */
package io.github.deepxray.train.internal.finetune;
