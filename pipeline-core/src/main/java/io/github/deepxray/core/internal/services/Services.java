package io.github.deepxray.core.internal.services;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Finds what other libraries offer as services. */
public final class Services {
  /** So many damaged providers are skipped before the search is given up. */
  private static final int MOST_DAMAGED = 100;

  private static final Logger LOG = System.getLogger("io.github.deepxray");
  private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

  private Services() {}

  /** The first that offers a service, in the order of {@link #all}. */
  public static <S> Optional<S> first(Class<S> service) {
    return all(service).stream().findFirst();
  }

  /**
   * All that offer a service. They are looked for where this library was loaded from, and then
   * where the thread loads its classes from: in a server or a runnable jar the threads of common
   * pools know the Java platform alone, while plug-ins may be known to the thread only. One that
   * cannot be loaded is left out and logged once, in one line.
   */
  public static <S> List<S> all(Class<S> service) {
    // A service of another module would be unknown to this one.
    Services.class.getModule().addUses(service);
    Map<Class<?>, S> found = new LinkedHashMap<>();
    ClassLoader own = service.getClassLoader();
    collect(service, own, found);
    ClassLoader threads = Thread.currentThread().getContextClassLoader();
    if (threads != null && threads != own && knows(threads, service)) {
      collect(service, threads, found);
    }
    return List.copyOf(found.values());
  }

  /** Otherwise what is there offers the service of another copy of this library. */
  private static boolean knows(ClassLoader loader, Class<?> service) {
    try {
      return Class.forName(service.getName(), false, loader) == service;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  private static <S> void collect(Class<S> service, ClassLoader loader, Map<Class<?>, S> found) {
    Iterator<S> providers = ServiceLoader.load(service, loader).iterator();
    for (int damaged = 0; damaged < MOST_DAMAGED; ) {
      try {
        if (!providers.hasNext()) {
          return;
        }
        S provider = providers.next();
        found.putIfAbsent(provider.getClass(), provider);
      } catch (ServiceConfigurationError | LinkageError e) {
        damaged++;
        String line = "A library's " + service.getSimpleName() + " is left out: " + e.getMessage();
        if (LOGGED.add(line)) {
          LOG.log(Level.WARNING, line.lines().findFirst().orElse(line));
        }
      }
    }
  }
}
