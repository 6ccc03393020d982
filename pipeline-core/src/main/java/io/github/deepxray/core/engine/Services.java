package io.github.deepxray.core.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Finds what other libraries offer as services. */
public final class Services {
  private Services() {}

  /**
   * The first that offers a service. It is looked for where this library was loaded from, and then
   * where the thread loads its classes from: in a server or a runnable jar the threads of common
   * pools know the Java platform alone, while plug-ins may be known to the thread only.
   */
  static <S> Optional<S> first(Class<S> service) {
    return ServiceLoader.load(service, service.getClassLoader())
        .findFirst()
        .or(() -> elsewhere(service));
  }

  /** All that offer a service, those beside this library first. */
  public static <S> List<S> all(Class<S> service) {
    List<S> found = new ArrayList<>();
    ServiceLoader.load(service, service.getClassLoader()).forEach(found::add);
    try {
      ServiceLoader.load(service).forEach(found::add);
    } catch (ServiceConfigurationError e) {
      // They offer the service of another copy of this library.
      return found;
    }
    return found;
  }

  private static <S> Optional<S> elsewhere(Class<S> service) {
    try {
      return ServiceLoader.load(service).findFirst();
    } catch (ServiceConfigurationError e) {
      // It offers the service of another copy of this library.
      return Optional.empty();
    }
  }
}
