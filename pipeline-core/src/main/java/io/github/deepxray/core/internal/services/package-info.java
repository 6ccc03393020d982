/** Finding what is offered as a service. */
package io.github.deepxray.core.internal.services;
