package io.github.deepxray.train.features;

/** Immutable matrix of floats. */
public final class Matrix {
  private final float[] values;
  private final int rows;
  private final int columns;

  private Matrix(float[] values, int rows, int columns) {
    this.values = values;
    this.rows = rows;
    this.columns = columns;
  }

  /**
   * Returns a matrix with a copy of the values.
   *
   * @param values {@code rows * columns} values, row by row
   */
  public static Matrix of(float[] values, int rows, int columns) {
    if (values.length != Math.multiplyExact(rows, columns)) {
      throw new IllegalArgumentException(values.length + " values for " + rows + " x " + columns);
    }
    return new Matrix(values.clone(), rows, columns);
  }

  /** The number of rows. */
  public int rows() {
    return rows;
  }

  /** The number of values in a row. */
  public int columns() {
    return columns;
  }

  /** Returns a value. */
  public float at(int row, int column) {
    return values[row * columns + column];
  }

  /** Copies a row into an array. */
  public void copyRow(int row, float[] target, int offset) {
    System.arraycopy(values, row * columns, target, offset, columns);
  }

  /** Returns a copy of all values, row by row. */
  public float[] toFloats() {
    return values.clone();
  }

  @Override
  public String toString() {
    return rows + " x " + columns;
  }
}
