package io.github.deepxray.train.internal.stage;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Records that differ from a given one in a single component, however deep in it. */
final class Variants {
  private final Map<String, Record> variants = new LinkedHashMap<>();
  private final TreeSet<String> unchanged = new TreeSet<>();

  /**
   * What was found.
   *
   * @param variants a record for each changed component, by its path
   * @param unchanged the paths of components for which no other value is accepted
   */
  record Found(Map<String, Record> variants, List<String> unchanged) {}

  private Variants() {}

  static Found of(Record record) {
    Variants found = new Variants();
    found.collect("", record);
    return new Found(found.variants, List.copyOf(found.unchanged));
  }

  private void collect(String path, Record record) {
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      String at = path + "." + component.getName();
      int number = 0;
      for (Object value : others(at, component.getGenericType(), get(component, record))) {
        Optional<Record> variant = with(record, component, value);
        if (variant.isPresent()) {
          variants.put(at + "#" + number++, variant.get());
        }
      }
      if (number == 0) {
        unchanged.add(at);
      }
    }
  }

  /** Other values of a type, some of which may be refused where they are put. */
  private List<Object> others(String path, Type type, Object value) {
    if (value instanceof Boolean truth) {
      return List.of(!truth);
    }
    if (value instanceof Integer number) {
      return List.of(number + 1, number - 1);
    }
    if (value instanceof Long number) {
      return List.of(number + 1, number - 1);
    }
    if (value instanceof Double number) {
      return List.of(number + 1, number * 0.5, number + 0.125, Math.nextUp(number));
    }
    if (value instanceof String text) {
      return List.of(text + "x", "top");
    }
    if (value instanceof Enum<?> constant) {
      return Stream.of(constant.getDeclaringClass().getEnumConstants())
          .filter(other -> other != constant)
          .map(Object.class::cast)
          .toList();
    }
    if (value instanceof Record record) {
      Variants inner = new Variants();
      inner.collect(path, record);
      unchanged.addAll(inner.unchanged);
      return List.copyOf(inner.variants.values());
    }
    return containers(path, type, value);
  }

  private List<Object> containers(String path, Type type, Object value) {
    List<Object> others = new ArrayList<>();
    if (value instanceof Optional<?> optional) {
      optional.ifPresent(
          content -> {
            others(path, argument(type), content).forEach(o -> others.add(Optional.of(o)));
            others.add(Optional.empty());
          });
    } else if (value instanceof Map<?, ?> map) {
      Map<Object, Object> more = new TreeMap<>(map);
      more.put("top", 0.5);
      others.add(more);
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        for (Object other : others(path + "[" + i + "]", argument(type), list.get(i))) {
          List<Object> changed = new ArrayList<>(list);
          changed.set(i, other);
          others.add(changed);
        }
      }
      if (argument(type) == String.class) {
        others.add(Stream.concat(list.stream(), Stream.of("stem")).toList());
      } else if (argument(type) == Integer.class) {
        others.add(Stream.concat(list.stream(), Stream.of(8)).toList());
      } else if (!list.isEmpty()) {
        others.add(list.subList(0, list.size() - 1));
      }
    }
    return others;
  }

  private static Type argument(Type type) {
    return ((ParameterizedType) type).getActualTypeArguments()[0];
  }

  private static Object get(RecordComponent component, Record record) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** The record with another value in one component, unless it refuses that. */
  private static Optional<Record> with(Record record, RecordComponent changed, Object value) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    Object[] values =
        Arrays.stream(components)
            .map(c -> c.getName().equals(changed.getName()) ? value : get(c, record))
            .toArray();
    try {
      Constructor<? extends Record> constructor = record.getClass().getDeclaredConstructor(types);
      constructor.setAccessible(true);
      Record variant = constructor.newInstance(values);
      return variant.equals(record) ? Optional.empty() : Optional.of(variant);
    } catch (InvocationTargetException e) {
      return Optional.empty();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
