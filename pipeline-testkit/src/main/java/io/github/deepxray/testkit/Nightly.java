package io.github.deepxray.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * Marks a test that is too slow for {@code .ci/run}, such as one that kills runs or damages files
 * many thousand times. The test runs in {@code .ci/nightly}, or with {@code mvn verify -Pnightly}.
 */
@Tag("nightly")
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface Nightly {}
