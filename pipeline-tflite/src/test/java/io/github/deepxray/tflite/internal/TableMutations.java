package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.FlatBufferBuilder;
import com.google.flatbuffers.Table;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.ModelT;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.SubGraphT;

/**
 * Damages a {@code .tflite} file through its tables: the file stays a flatbuffer, and any field of
 * any table may say anything.
 */
final class TableMutations {
  private static final double[] NUMBERS = {
    0,
    1,
    -1,
    2,
    3,
    4,
    5,
    7,
    8,
    16,
    127,
    -128,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    1 << 20,
    1 << 30,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE
  };

  private static final float[] FLOATS = {
    0,
    -1,
    1,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.MIN_VALUE,
    Float.MIN_NORMAL,
    0x1p-100f,
    0x1p-60f,
    1e-9f,
    1e-6f,
    1 / 256f,
    256,
    1e6f,
    0x1p60f,
    Float.MAX_VALUE
  };

  /** A field of a table: how to read and write it. */
  private record Field(Object table, Method get, Method set) {
    Object value() {
      return call(get, table);
    }

    void put(Object value) {
      call(set, table, value);
    }
  }

  private final SplittableRandom random;

  TableMutations(SplittableRandom random) {
    this.random = random;
  }

  /** A file with one to three fields changed. */
  byte[] mutate(byte[] file) {
    ModelT model = Model.getRootAsModel(ByteBuffer.wrap(file)).unpack();
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      change(model);
    }
    for (SubGraphT graph : model.getSubgraphs()) {
      for (OperatorT operator : graph.getOperators()) {
        if (operator.getCustomOptions() != null && operator.getCustomOptions().length == 0) {
          // Unpacking makes an empty vector of a missing one.
          operator.setCustomOptions(null);
        }
      }
    }
    FlatBufferBuilder builder = new FlatBufferBuilder(2 * file.length);
    Model.finishModelBuffer(builder, Model.pack(builder, model));
    byte[] changed = builder.sizedByteArray();
    if (random.nextInt(8) == 0) {
      Place.changeOptionsType(changed, random);
    }
    return changed;
  }

  /** A table by the places of its fields: 4 for the first, and 2 for each before it. */
  private static final class Place extends Table {
    private Place(int position, ByteBuffer file) {
      __reset(position, file);
    }

    /** Says of an operator's options that they are those of another. */
    static void changeOptionsType(byte[] file, SplittableRandom random) {
      ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      Place model = new Place(buffer.getInt(0), buffer);
      if (model.length(8) == 0 || model.element(8, 0).length(10) == 0) {
        return;
      }
      Place graph = model.element(8, 0);
      Place operator = graph.element(10, random.nextInt(graph.length(10)));
      if (operator.__offset(10) != 0) {
        file[operator.bb_pos + operator.__offset(10)] = (byte) random.nextInt(130);
      }
    }

    private int length(int field) {
      return __offset(field) == 0 ? 0 : __vector_len(__offset(field));
    }

    private Place element(int field, int index) {
      return new Place(__indirect(__vector(__offset(field)) + Integer.BYTES * index), bb);
    }
  }

  /** Changes a field of a kind of table, so that rare kinds are changed as often as others. */
  private void change(ModelT model) {
    Map<String, List<Object>> tables = new TreeMap<>();
    collect(model, tables, new IdentityHashMap<>());
    // A union whose type is not that of its table cannot be written.
    List<List<Object>> kinds =
        tables.entrySet().stream()
            .filter(entry -> !entry.getKey().endsWith("Union"))
            .map(Map.Entry::getValue)
            .toList();
    List<Object> kind = kinds.get(random.nextInt(kinds.size()));
    List<Field> fields = fields(kind.get(random.nextInt(kind.size())));
    if (fields.isEmpty()) {
      return;
    }
    Field field = fields.get(random.nextInt(fields.size()));
    Object value = field.value();
    if (value != null && isTable(value.getClass())) {
      List<Object> others = tables.get(value.getClass().getName());
      field.put(others.get(random.nextInt(others.size())));
    } else if (value != null) {
      field.put(changed(value));
    }
  }

  private void collect(Object table, Map<String, List<Object>> into, Map<Object, Boolean> seen) {
    if (seen.put(table, true) != null) {
      return;
    }
    into.computeIfAbsent(table.getClass().getName(), name -> new ArrayList<>()).add(table);
    for (Field field : fields(table)) {
      Object value = field.value();
      if (value != null && isTable(value.getClass())) {
        collect(value, into, seen);
      } else if (value instanceof Object[] several) {
        for (Object one : several) {
          if (one != null && isTable(one.getClass())) {
            collect(one, into, seen);
          }
        }
      }
    }
  }

  private static boolean isTable(Class<?> type) {
    return type.getName().startsWith("org.tensorflow.lite.schema.");
  }

  private static List<Field> fields(Object table) {
    List<Field> fields = new ArrayList<>();
    for (Method set : table.getClass().getMethods()) {
      if (set.getName().startsWith("set") && set.getParameterCount() == 1) {
        try {
          Method get = table.getClass().getMethod("get" + set.getName().substring(3));
          fields.add(new Field(table, get, set));
        } catch (NoSuchMethodException e) {
          throw new LinkageError(e.getMessage(), e);
        }
      }
    }
    fields.sort(Comparator.comparing(field -> field.set().getName()));
    return fields;
  }

  private static Object call(Method method, Object table, Object... arguments) {
    try {
      return method.invoke(table, arguments);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private Object changed(Object value) {
    if (value.getClass().isArray()) {
      return array(value);
    }
    if (value instanceof Boolean flag) {
      return !flag;
    }
    if (value instanceof Float number) {
      return random.nextBoolean()
          ? FLOATS[random.nextInt(FLOATS.length)]
          : number * (float) Math.pow(2, random.nextInt(-40, 41));
    }
    if (value instanceof Number number) {
      double near = number.doubleValue() + random.nextInt(-2, 3);
      double other = NUMBERS[random.nextInt(NUMBERS.length)];
      long chosen = (long) (random.nextInt(3) == 0 ? near : other);
      return value instanceof Byte
          ? (Object) (byte) (random.nextBoolean() ? random.nextInt(-1, 130) : chosen)
          : value instanceof Integer ? (Object) (int) chosen : (Object) chosen;
    }
    return value;
  }

  /** An array with an element changed, left out or repeated. */
  private Object array(Object value) {
    int length = Array.getLength(value);
    int at = length == 0 ? 0 : random.nextInt(length);
    int what = length == 0 ? 3 : random.nextInt(8);
    Class<?> type = value.getClass().getComponentType();
    if (what >= 3 && (length > 0 || !type.isPrimitive())) {
      Object copy = copy(value, type, length);
      if (type.isPrimitive()) {
        Array.set(copy, at, changed(Array.get(value, at)));
      } else if (length > 0) {
        Array.set(copy, at, Array.get(value, random.nextInt(length)));
      }
      return copy;
    }
    int longer = what == 0 ? length - 1 : length + 1;
    Object copy = Array.newInstance(type, longer);
    for (int i = 0; i < longer; i++) {
      int from = what == 0 && i >= at ? i + 1 : Math.min(i, length - 1);
      if (length > 0) {
        Array.set(copy, i, Array.get(value, from));
      }
    }
    return copy;
  }

  private static Object copy(Object value, Class<?> type, int length) {
    Object copy = Array.newInstance(type, length);
    System.arraycopy(value, 0, copy, 0, length);
    return copy;
  }
}
