package io.github.deepxray.core.weights;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Hashes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Immutable tensors by their Keras name, such as {@code stem_conv/kernel}, in name order. */
public final class Weights {
  private static final Weights EMPTY = builder().build();

  private final Map<String, Tensor> tensors;

  /** Computed once: it is slow, and caches and provenance read it often. */
  private volatile Optional<String> sha256 = Optional.empty();

  private Weights(Map<String, Tensor> tensors) {
    this.tensors = tensors;
  }

  /** Returns a collection without tensors. */
  public static Weights empty() {
    return EMPTY;
  }

  /** Creates a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /** Names, sorted. */
  public Set<String> names() {
    return tensors.keySet();
  }

  /** Tensors by name, sorted by name. */
  public Map<String, Tensor> asMap() {
    return tensors;
  }

  /** Finds a tensor by its name. */
  public Optional<Tensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /**
   * Returns the tensor of a name.
   *
   * @throws DeepXrayException if there is none
   */
  public Tensor get(String name) {
    return find(name).orElseThrow(() -> new DeepXrayException("There is no weight " + name + "."));
  }

  /**
   * Returns a copy of the values of a tensor as floats.
   *
   * @throws DeepXrayException if there is none
   */
  public float[] floats(String name) {
    return get(name).toFloats();
  }

  /** Returns these tensors and the others; where both have a name, the other's tensor. */
  public Weights plus(Weights others) {
    Builder builder = builder();
    tensors.forEach(builder::put);
    others.tensors.forEach(builder::put);
    return builder.build();
  }

  /** Number of values in all tensors. */
  public long parameters() {
    return tensors.values().stream().mapToLong(Tensor::size).sum();
  }

  /** SHA-256 of names, shapes and values, in lower-case hexadecimal digits. */
  public String sha256() {
    if (sha256.isEmpty()) {
      sha256 = Optional.of(hash());
    }
    return sha256.get();
  }

  private String hash() {
    MessageDigest digest = Hashes.newSha256();
    tensors.forEach(
        (name, tensor) -> {
          digest.update((name + tensor + '\n').getBytes(StandardCharsets.UTF_8));
          float[] values = tensor.toFloats();
          ByteBuffer bytes =
              ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(values);
          digest.update(bytes);
        });
    return Hashes.hex(digest.digest());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Weights w && tensors.equals(w.tensors);
  }

  @Override
  public int hashCode() {
    return tensors.hashCode();
  }

  @Override
  public String toString() {
    return tensors.size() + " tensors, " + parameters() + " parameters";
  }

  /** Builder of {@link Weights}. */
  public static final class Builder {
    private final Map<String, Tensor> tensors = new TreeMap<>();

    private Builder() {}

    /** Adds or replaces a tensor. */
    public Builder put(String name, Tensor tensor) {
      tensors.put(name, tensor);
      return this;
    }

    /** Returns the tensors added so far. */
    public Weights build() {
      return new Weights(Collections.unmodifiableMap(new TreeMap<>(tensors)));
    }
  }
}
