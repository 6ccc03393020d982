/** How a head and a backbone are trained: values that YAML files hold. */
package io.github.deepxray.train.recipe;
