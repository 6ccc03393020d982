/** Classification heads on frozen features: networks and training. */
package io.github.deepxray.train.internal.head;
