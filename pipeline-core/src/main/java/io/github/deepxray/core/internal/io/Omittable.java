package io.github.deepxray.core.internal.io;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a component of a record that a file may leave out. The record's constructor gets {@code
 * null} for it and puts a default in its place. All other components but {@link java.util.Optional}
 * ones must be in the file, see {@link Json}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
public @interface Omittable {}
