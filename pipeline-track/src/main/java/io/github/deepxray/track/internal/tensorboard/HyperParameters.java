package io.github.deepxray.track.internal.tensorboard;

import com.google.protobuf.ByteString;
import com.google.protobuf.Value;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Data of TensorBoard's plugin {@code hparams}: a session, which is a TensorBoard run, begins with
 * hyper-parameters and ends with a status; all scalars of that run are its metrics. The format is
 * {@code HParamsPluginData} of version 0.
 */
final class HyperParameters {
  /** Name of the plugin. */
  static final String PLUGIN = "hparams";

  /** The tag of {@link #start}. */
  static final String START = "_hparams_/session_start_info";

  /** The tag of {@link #end}. */
  static final String END = "_hparams_/session_end_info";

  private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?([eE]-?\\d+)?");

  // Fields of HParamsPluginData.
  private static final int SESSION_START_INFO = 3;
  private static final int SESSION_END_INFO = 4;

  // Fields of SessionStartInfo; the map's entries have a key and a value.
  private static final int HPARAMS = 1;
  private static final int KEY = 1;
  private static final int VALUE = 2;
  private static final int START_TIME_SECS = 5;

  // Fields of SessionEndInfo.
  private static final int STATUS = 1;
  private static final int END_TIME_SECS = 2;
  private static final int STATUS_SUCCESS = 1;

  private HyperParameters() {}

  /** Returns the start of a session. */
  static ByteString start(Map<String, String> options, Instant time) {
    ByteString info =
        Messages.of(
            out -> {
              for (Map.Entry<String, String> option : new TreeMap<>(options).entrySet()) {
                out.writeBytes(HPARAMS, entry(option.getKey(), value(option.getValue())));
              }
              out.writeDouble(START_TIME_SECS, seconds(time));
            });
    return Messages.of(out -> out.writeBytes(SESSION_START_INFO, info));
  }

  /** Returns the successful end of a session. */
  static ByteString end(Instant time) {
    ByteString info =
        Messages.of(
            out -> {
              out.writeEnum(STATUS, STATUS_SUCCESS);
              out.writeDouble(END_TIME_SECS, seconds(time));
            });
    return Messages.of(out -> out.writeBytes(SESSION_END_INFO, info));
  }

  private static ByteString entry(String name, Value value) {
    return Messages.of(
        out -> {
          out.writeString(KEY, name);
          out.writeMessage(VALUE, value);
        });
  }

  /** Converts numbers and booleans, for sorting and filtering in TensorBoard. */
  private static Value value(String text) {
    if (text.equals("true") || text.equals("false")) {
      return Value.newBuilder().setBoolValue(Boolean.parseBoolean(text)).build();
    } else if (NUMBER.matcher(text).matches()) {
      return Value.newBuilder().setNumberValue(Double.parseDouble(text)).build();
    }
    return Value.newBuilder().setStringValue(text).build();
  }

  private static double seconds(Instant time) {
    return time.getEpochSecond() + time.getNano() / 1e9;
  }
}
