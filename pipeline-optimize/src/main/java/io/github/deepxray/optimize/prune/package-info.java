/** How weights and channels are pruned: values that YAML files hold. */
package io.github.deepxray.optimize.prune;
