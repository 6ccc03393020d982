package io.github.deepxray.datasets.internal.kaggle;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TextFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Kaggle credentials: an API token, or a user name and key. No message and not {@link #toString}
 * contains the secret.
 */
public final class KaggleCredentials {
  private static final String TOKEN = "KAGGLE_API_TOKEN";
  private static final String USERNAME = "KAGGLE_USERNAME";
  private static final String KEY = "KAGGLE_KEY";

  private final String authorization;
  private final String source;

  private KaggleCredentials(String authorization, String source) {
    this.authorization = authorization;
    this.source = source;
  }

  /**
   * Creates credentials from an API token.
   *
   * @param source the source of the token, for messages
   * @throws DeepXrayException if the token is malformed
   */
  public static KaggleCredentials token(String token, String source) {
    // An invalid token must not reach the HTTP client, whose error message would show it.
    if (!token.matches("[\\x21-\\x7e]+")) {
      throw new DeepXrayException(
          source
              + " has no valid API token: a token is one word of ASCII characters; create one on"
              + " https://www.kaggle.com/settings/api.");
    }
    return new KaggleCredentials("Bearer " + token, source);
  }

  /**
   * Creates credentials from a user name and key, as in {@code kaggle.json}.
   *
   * @param source the source of the credentials, for messages
   * @throws DeepXrayException if one of them is empty
   */
  public static KaggleCredentials user(String username, String key, String source) {
    if (username.isBlank() || key.isBlank()) {
      throw new DeepXrayException(
          source
              + " lacks the user name or key; create them on https://www.kaggle.com/settings/api.");
    }
    byte[] both = (username.strip() + ":" + key.strip()).getBytes(StandardCharsets.UTF_8);
    return new KaggleCredentials("Basic " + Base64.getEncoder().encodeToString(both), source);
  }

  /**
   * Finds credentials in the places of Kaggle's own client, in its order: {@code KAGGLE_API_TOKEN}
   * (a token or a file with one), {@code ~/.kaggle/access_token}, {@code KAGGLE_USERNAME} with
   * {@code KAGGLE_KEY}, {@code kaggle.json} in {@code KAGGLE_CONFIG_DIR}, in {@code ~/.kaggle} or
   * in {@code ~/.config/kaggle}.
   *
   * @param environment the variables of the process
   * @param home the user's home folder
   * @return empty if there are none; most public data sets need none
   * @throws DeepXrayException if the credentials are malformed
   * @throws IOException if a file cannot be read
   */
  public static Optional<KaggleCredentials> find(Map<String, String> environment, Path home)
      throws IOException {
    String token = environment.getOrDefault(TOKEN, "").strip();
    if (!token.isEmpty()) {
      Optional<Path> file = file(token);
      return Optional.of(
          file.isPresent()
              ? token(TextFiles.read(file.get(), 1).strip(), file.get().toString())
              : token(token, TOKEN));
    }
    Path folder = home.resolve(".kaggle");
    // Editors on Windows may add the extension of the second name.
    for (String name : List.of("access_token", "access_token.txt")) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        String content = TextFiles.read(file, 1).strip();
        if (!content.isEmpty()) {
          return Optional.of(token(content, file.toString()));
        }
      }
    }
    String username = environment.getOrDefault(USERNAME, "");
    String key = environment.getOrDefault(KEY, "");
    if (!username.isBlank() && !key.isBlank()) {
      return Optional.of(user(username, key, USERNAME + " and " + KEY));
    }
    Path json = configuration(environment, home).resolve("kaggle.json");
    return Files.isRegularFile(json) ? Optional.of(read(json)) : Optional.empty();
  }

  private static Path configuration(Map<String, String> environment, Path home) {
    String given = environment.getOrDefault("KAGGLE_CONFIG_DIR", "");
    Path usual = home.resolve(".kaggle");
    if (!given.isBlank()) {
      return Path.of(given);
    } else if (Files.isDirectory(usual)) {
      return usual;
    }
    String xdg = environment.getOrDefault("XDG_CONFIG_HOME", "");
    return (xdg.isBlank() ? home.resolve(".config") : Path.of(xdg)).resolve("kaggle");
  }

  private static KaggleCredentials read(Path file) throws IOException {
    JsonNode json;
    try {
      json = Json.read(file);
    } catch (DeepXrayException e) {
      // Without its cause, which contains the file's content.
      throw malformed(file);
    }
    if (!json.path("username").isTextual() || !json.path("key").isTextual()) {
      throw malformed(file);
    }
    return user(json.get("username").asText(), json.get("key").asText(), file.toString());
  }

  private static DeepXrayException malformed(Path file) {
    return new DeepXrayException(
        file
            + " is not a kaggle.json: it must hold {\"username\": ..., \"key\": ...}; create it"
            + " again on https://www.kaggle.com/settings/api.");
  }

  private static Optional<Path> file(String text) {
    try {
      return Optional.of(Path.of(text)).filter(Files::isRegularFile);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Value of the header {@code Authorization}. */
  String authorization() {
    return authorization;
  }

  /** Source of the credentials, such as {@code KAGGLE_API_TOKEN} or a file. */
  public String source() {
    return source;
  }

  /** Describes the source without the secret. */
  @Override
  public String toString() {
    return "credentials from " + source;
  }
}
