/** Benchmarks of embeddings and of the server on the machine at hand. */
package io.github.deepxray.bench;
