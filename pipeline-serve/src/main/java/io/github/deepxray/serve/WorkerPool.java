package io.github.deepxray.serve;

import io.github.deepxray.classify.Prediction;
import io.github.deepxray.classify.PredictionMonitor.Quantity;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.image.GreyStatistics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Worker threads with a bounded queue. Each worker has its engine of each version.
 *
 * <p>Waiting requests are batched if this increases the throughput of the model, see {@link
 * io.github.deepxray.core.engine.InferenceEngine#preferredBatch}; no request waits for a batch to
 * fill.
 */
final class WorkerPool implements AutoCloseable {
  private static final String INTERNAL = "Internal error.";

  /** Time to wait for the threads at the end, in milliseconds. */
  private static final long GRACE = 2000;

  private final int capacity;
  private final Metrics metrics;
  private final Consumer<Throwable> failures;

  /** Reused input array of each worker. */
  private final float[][] inputs;

  private final List<Thread> threads = new ArrayList<>();

  /** Guarded by this. */
  private final Queue<Job> queue = new ArrayDeque<>();

  /** Written with the lock held. */
  private volatile boolean closed;

  /**
   * Starts the threads.
   *
   * @param failures receives unexpected failures, which are defects of the program
   */
  WorkerPool(int workers, int capacity, Metrics metrics, Consumer<Throwable> failures) {
    this.capacity = capacity;
    this.metrics = metrics;
    this.failures = failures;
    this.inputs = new float[workers][0];
    for (int w = 0; w < workers; w++) {
      int worker = w;
      Thread thread = new Thread(() -> work(worker), "deepxray-worker-" + w);
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
  }

  /** Receiver of the result of a job, called once. */
  interface Reply {
    void answer(byte[] body);

    void fail(ApiException error);
  }

  /** Request in the queue or in a worker. */
  static final class Job {
    private final ModelVersion model;
    private final InferenceTask task;
    private final long deadline;
    private final Reply reply;
    private ImageSource images;
    private final List<float[][]> outputs = new ArrayList<>();
    private int filled;
    private boolean ended;

    /**
     * Creates a job.
     *
     * @param model retained version, which the job releases
     * @param deadline deadline, by {@link System#nanoTime}
     */
    Job(ModelVersion model, InferenceTask task, long deadline, Reply reply) {
      this.model = model;
      this.task = task;
      this.deadline = deadline;
      this.reply = reply;
    }

    private boolean late() {
      return System.nanoTime() - deadline > 0;
    }

    private void fail(ApiException error) {
      if (!ended) {
        ended = true;
        try {
          model.release();
        } finally {
          reply.fail(error);
        }
      }
    }

    private void answer(byte[] body) {
      ended = true;
      try {
        model.release();
      } finally {
        reply.answer(body);
      }
    }
  }

  /** Adds a job to the queue; returns the error if it is refused. */
  synchronized Optional<ApiException> offer(Job job) {
    if (closed) {
      return Optional.of(shutsDown());
    } else if (queue.size() >= capacity) {
      return Optional.of(ApiException.queueFull());
    }
    queue.add(job);
    notify();
    return Optional.empty();
  }

  /** Whether all threads are alive. */
  boolean alive() {
    return threads.stream().allMatch(Thread::isAlive);
  }

  /** Refuses waiting jobs after their deadline; to be called periodically. */
  void refuseLate() {
    List<Job> late = new ArrayList<>();
    synchronized (this) {
      queue.removeIf(job -> job.late() && late.add(job));
    }
    late.forEach(job -> quietly(() -> job.fail(tooLate())));
  }

  private static ApiException shutsDown() {
    return ApiException.unavailable("The server shuts down.");
  }

  private static ApiException tooLate() {
    return ApiException.unavailable("The request waited too long; try again later.");
  }

  /** Number of waiting jobs. */
  synchronized int waiting() {
    return queue.size();
  }

  /**
   * Loop of a worker, which survives all failures: a server without workers would look healthy
   * without answering.
   */
  private void work(int worker) {
    boolean more = true;
    while (more) {
      List<Job> jobs = new ArrayList<>();
      try {
        more = take(jobs);
        if (more) {
          new Batch(worker, jobs).run();
        }
      } catch (InterruptedException | RuntimeException | Error e) {
        quietly(() -> failures.accept(e));
      }
      // Answer all jobs.
      jobs.forEach(job -> quietly(() -> job.fail(new ApiException(500, INTERNAL))));
    }
  }

  private static void quietly(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      // The receiver of failures has failed: ignore it.
      return;
    }
  }

  /**
   * Takes the next job, with the following ones of the same batch; returns false when the pool
   * closes.
   */
  private synchronized boolean take(List<Job> jobs) throws InterruptedException {
    while (queue.isEmpty()) {
      if (closed) {
        return false;
      }
      wait();
    }
    ModelVersion model = queue.element().model;
    do {
      // Add before remove: after an OutOfMemoryError, the job is still in the queue.
      jobs.add(queue.element());
      queue.remove();
    } while (jobs.size() < model.preferredBatch()
        && !queue.isEmpty()
        && queue.element().model == model);
    return true;
  }

  /** Batch of jobs of one version. */
  private final class Batch {
    private final int worker;
    private final List<Job> jobs;
    private final ModelVersion model;
    private final int size;
    private final int room;
    private final List<Job> owners = new ArrayList<>();

    /** What is known of the source of each image. */
    private final List<Map<Quantity, Double>> sources = new ArrayList<>();

    private final float[] input;

    Batch(int worker, List<Job> jobs) {
      this.worker = worker;
      this.jobs = jobs;
      this.model = jobs.get(0).model;
      this.size = model.height() * model.width() * 3;
      this.room = model.preferredBatch();
      if (inputs[worker].length != room * size) {
        inputs[worker] = new float[room * size];
      }
      this.input = inputs[worker];
    }

    void run() {
      for (Job job : jobs) {
        guarded(job, () -> fill(job));
      }
      flush();
    }

    private void fill(Job job) {
      if (job.late()) {
        throw tooLate();
      }
      job.images = job.task.images(model);
      pass(job);
      while (job.filled < job.images.count() && !job.ended) {
        sources.add(
            job.images.filling().fill(job.filled, input, owners.size() * size, () -> pass(job)));
        job.filled++;
        owners.add(job);
        if (owners.size() == room) {
          flush();
        }
      }
    }

    /** Throws if the deadline of a job has passed or the server closes. */
    private void pass(Job job) {
      if (job.late()) {
        throw new ApiException(
            504, "The request takes too long; send fewer or smaller images at a time.");
      } else if (closed) {
        throw shutsDown();
      }
    }

    private void flush() {
      // Check again the jobs whose images were decoded first.
      owners.stream().filter(job -> !job.ended).forEach(job -> guarded(job, () -> pass(job)));
      if (owners.stream().allMatch(job -> job.ended)) {
        clear();
        return;
      }
      int count = owners.size();
      try {
        float[] values = count == room ? input : Arrays.copyOf(input, count * size);
        List<float[][]> outputs = model.run(worker, values, count);
        metrics.batch(count);
        for (int i = 0; i < count; i++) {
          Job job = owners.get(i);
          if (!job.ended) {
            job.outputs.add(outputs.get(i));
            observe(i, outputs.get(i));
          }
        }
      } catch (RuntimeException | Error e) {
        owners.forEach(job -> failed(job, e));
      }
      List<Job> done = List.copyOf(owners);
      clear();
      for (Job job : done) {
        if (!job.ended && job.outputs.size() == job.images.count()) {
          guarded(job, () -> job.answer(job.task.answer(model, job.outputs, worker)));
        }
      }
    }

    private void clear() {
      owners.clear();
      sources.clear();
    }

    /** Counts an image, unless an output is not within 0..1. */
    private void observe(int place, float[][] outputs) {
      Prediction prediction;
      try {
        prediction = model.decide(outputs);
      } catch (DeepXrayException e) {
        return;
      }
      Map<Quantity, Double> values = new EnumMap<>(Quantity.class);
      values.putAll(sources.get(place));
      GreyStatistics grey = GreyStatistics.of(input, place * size, size);
      values.put(Quantity.BRIGHTNESS, grey.brightness());
      values.put(Quantity.CONTRAST, grey.contrast());
      values.values().removeIf(value -> !Double.isFinite(value));
      metrics.prediction(model, prediction, values);
    }

    private void guarded(Job job, Runnable step) {
      try {
        step.run();
      } catch (RuntimeException | Error e) {
        failed(job, e);
      }
    }

    private void failed(Job job, Throwable e) {
      if (e instanceof ApiException error) {
        job.fail(error);
      } else if (e instanceof OutOfMemoryError) {
        job.fail(ApiException.unavailable("The server is short of memory; try again later."));
      } else {
        failures.accept(e);
        job.fail(new ApiException(500, e instanceof DeepXrayException ? e.getMessage() : INTERNAL));
      }
    }
  }

  /**
   * Stops the threads after their current step and refuses waiting jobs. A thread in a long step is
   * abandoned, because native code cannot be interrupted; its resources are not freed, because its
   * job retains the model.
   */
  @Override
  public void close() {
    List<Job> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(queue);
      queue.clear();
      notifyAll();
    }
    left.forEach(job -> quietly(() -> job.fail(shutsDown())));
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(GRACE);
    boolean interrupted = false;
    for (Thread thread : threads) {
      long wait = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      while (thread.isAlive() && wait > 0) {
        try {
          thread.join(wait);
        } catch (InterruptedException e) {
          interrupted = true;
        }
        wait = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Number of running threads. */
  long running() {
    return threads.stream().filter(Thread::isAlive).count();
  }
}
