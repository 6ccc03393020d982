/** Contract tests and fixtures shared by the tests of several modules. */
package io.github.deepxray.testkit;
