/** What a bundle holds, and what it says of its purpose. */
package io.github.deepxray.export;
