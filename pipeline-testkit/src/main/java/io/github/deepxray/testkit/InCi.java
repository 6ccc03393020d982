package io.github.deepxray.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * Marks a test that is too slow for every build: on real data, at real sizes, in a browser or with
 * many damaged inputs. The test runs in {@code .ci/run}, or with {@code mvn verify -Pci}.
 */
@Tag("ci")
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface InCi {}
