/** Contracts and fixtures that the tests of several modules share. */
package io.github.deepxray.testkit;
