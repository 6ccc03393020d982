/** Training settings of a head and a backbone, which YAML files can hold. */
package io.github.deepxray.train.recipe;
