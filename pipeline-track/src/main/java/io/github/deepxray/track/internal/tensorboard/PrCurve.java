package io.github.deepxray.track.internal.tensorboard;

import com.google.protobuf.ByteString;
import io.github.deepxray.core.metrics.BinaryCounts;
import io.github.deepxray.core.metrics.ScoredExample;
import java.util.List;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

/**
 * Precision-recall curve of TensorBoard's plugin {@code pr_curves}: a matrix of six rows (true
 * positives, false positives, true negatives, false negatives, precision, recall), with a column
 * for each threshold from 0 to 1 in equal steps.
 */
final class PrCurve {
  /** Name of the plugin. */
  static final String PLUGIN = "pr_curves";

  /** Number of thresholds, TensorBoard's default. */
  static final int THRESHOLDS = 201;

  private static final int NUM_THRESHOLDS_FIELD = 2;

  private PrCurve() {}

  /** Returns the plugin content of a tag: {@code PrCurvePluginData} of version 0. */
  static ByteString content() {
    return Messages.of(out -> out.writeUInt32(NUM_THRESHOLDS_FIELD, THRESHOLDS));
  }

  /** Shape of the matrix. */
  static List<Integer> shape() {
    return List.of(6, THRESHOLDS);
  }

  /**
   * Returns the one-vs-rest matrix of a class; undefined precision and recall are 0, as in the
   * plugin.
   */
  static TensorProto.Builder matrix(List<ScoredExample> examples, int label) {
    float[][] rows = new float[6][THRESHOLDS];
    for (int i = 0; i < THRESHOLDS; i++) {
      BinaryCounts counts = BinaryCounts.of(examples, label, (double) i / (THRESHOLDS - 1));
      rows[0][i] = (float) counts.truePositives();
      rows[1][i] = (float) counts.falsePositives();
      rows[2][i] = (float) counts.trueNegatives();
      rows[3][i] = (float) counts.falseNegatives();
      rows[4][i] = defined(counts.precision());
      rows[5][i] = defined(counts.sensitivity());
    }
    TensorProto.Builder matrix = TensorProto.newBuilder().setDtype(DataType.DT_FLOAT);
    for (float[] row : rows) {
      for (float value : row) {
        matrix.addFloatVal(value);
      }
    }
    return matrix;
  }

  private static float defined(double value) {
    return Double.isNaN(value) ? 0 : (float) value;
  }
}
