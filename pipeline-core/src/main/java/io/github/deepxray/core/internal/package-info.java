/** Version of the library, and names of constants in files. */
package io.github.deepxray.core.internal;
