/** Classification heads on top of frozen features: what they look like and how they are trained. */
package io.github.deepxray.train.internal.head;
