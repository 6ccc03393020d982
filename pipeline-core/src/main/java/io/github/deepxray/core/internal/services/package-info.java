/** Lookup of service providers. */
package io.github.deepxray.core.internal.services;
