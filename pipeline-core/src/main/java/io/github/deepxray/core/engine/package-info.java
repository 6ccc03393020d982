/** What runs a model, whichever library does the arithmetic. */
package io.github.deepxray.core.engine;
