/** Pages that stand alone: well-formed, without scripts, escaped by construction. */
package io.github.deepxray.core.html;
