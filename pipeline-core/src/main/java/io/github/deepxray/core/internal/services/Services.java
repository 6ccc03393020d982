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

/** Finds service providers of other libraries. */
public final class Services {
  /** Largest number of damaged providers that are skipped. */
  private static final int MOST_DAMAGED = 100;

  private static final Logger LOG = System.getLogger("io.github.deepxray");
  private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

  private Services() {}

  /** First provider of a service, in the order of {@link #all}. */
  public static <S> Optional<S> first(Class<S> service) {
    return all(service).stream().findFirst();
  }

  /**
   * All providers of a service, first from the class loader of this library, then from the context
   * class loader: threads of common pools in a server or a runnable jar have the platform class
   * loader only, while plug-ins may be visible only to the thread. A provider that cannot be loaded
   * is skipped and logged once, in one line.
   */
  public static <S> List<S> all(Class<S> service) {
    // Services of other modules need a uses clause at run time.
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

  /** Otherwise the loader has another copy of this library. */
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
        String line = "A library's " + service.getSimpleName() + " is skipped: " + e.getMessage();
        if (LOGGED.add(line)) {
          LOG.log(Level.WARNING, line.lines().findFirst().orElse(line));
        }
      }
    }
  }
}
