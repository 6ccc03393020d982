package io.github.deepxray.core.internal.io;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a component of a record that a file may omit. The record's constructor receives {@code
 * null} and replaces it by a default. All other components except {@link java.util.Optional} ones
 * are required, see {@link Json}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
public @interface Omittable {}
