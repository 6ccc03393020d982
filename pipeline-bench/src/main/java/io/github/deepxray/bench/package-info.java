/** Benchmarks of embeddings and of the server on this machine. */
package io.github.deepxray.bench;
