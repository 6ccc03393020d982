/** The version of the program, and names of constants in files. */
package io.github.deepxray.core.internal;
