/** Options and schedules of pruning, read from YAML files. */
package io.github.deepxray.optimize.prune;
