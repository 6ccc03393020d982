package io.github.deepxray.core.internal.io;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedConstructor;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.AnnotatedParameter;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Requires every component of a record as a field of the file, and rejects {@code null} for it and
 * within it. {@link Optional} and {@link Omittable} components may be missing.
 */
final class StrictRecords extends JacksonAnnotationIntrospector {
  private static final long serialVersionUID = 1L;

  private static final Set<Class<?>> OPTIONAL =
      Set.of(Optional.class, OptionalDouble.class, OptionalInt.class, OptionalLong.class);

  @Override
  public Boolean hasRequiredMarker(AnnotatedMember member) {
    return isComponent(member)
        ? Boolean.valueOf(!mayBeMissing(member))
        : super.hasRequiredMarker(member);
  }

  @Override
  public JsonSetter.Value findSetterInfo(Annotated member) {
    if (!isComponent(member)) {
      return super.findSetterInfo(member);
    }
    return JsonSetter.Value.construct(
        mayBeMissing(member) ? Nulls.DEFAULT : Nulls.FAIL,
        // In a tree, null is a value.
        holdsTrees(member.getType()) ? Nulls.DEFAULT : Nulls.FAIL);
  }

  private static boolean isComponent(Annotated member) {
    return member instanceof AnnotatedParameter parameter
        && parameter.getOwner() instanceof AnnotatedConstructor constructor
        && constructor.getDeclaringClass().isRecord()
        && constructor.getParameterCount()
            == constructor.getDeclaringClass().getRecordComponents().length;
  }

  private static boolean mayBeMissing(Annotated member) {
    return OPTIONAL.contains(member.getRawType()) || member.hasAnnotation(Omittable.class);
  }

  private static boolean holdsTrees(JavaType type) {
    return JsonNode.class.isAssignableFrom(type.getRawClass())
        || (type.getContentType() != null && holdsTrees(type.getContentType()));
  }
}
