package io.github.deepxray.serve;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The threads that run models: each has an engine of its own in every version. What they cannot do
 * at once waits in a queue of limited length.
 *
 * <p>Requests are run together where a model does more per second that way, see {@link
 * io.github.deepxray.core.engine.InferenceEngine#preferredBatch}; but none waits for others to
 * come.
 */
final class WorkerPool implements AutoCloseable {
  private static final String INTERNAL = "Internal error.";

  /** How long to wait for the threads at the end, in milliseconds. */
  private static final long GRACE = 2000;

  private final int capacity;
  private final Metrics metrics;
  private final Consumer<Throwable> failures;

  /** What each worker gives its models, kept for the next time. */
  private final float[][] inputs;

  private final List<Thread> threads = new ArrayList<>();

  /** Guarded by this. */
  private final Queue<Job> queue = new ArrayDeque<>();

  /** Written by who holds the lock. */
  private volatile boolean closed;

  /**
   * Starts the threads.
   *
   * @param failures told of what is nobody's fault but the program's
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

  /** Told how a job ended, once. */
  interface Reply {
    void answer(byte[] body);

    void fail(ApiException error);
  }

  /** A request on its way. */
  static final class Job {
    private final ModelVersion model;
    private final Work work;
    private final long deadline;
    private final Reply reply;
    private ImageSource images;
    private float[] probabilities;
    private int filled;
    private int scored;
    private boolean ended;

    /**
     * Prepares.
     *
     * @param model held for it; the job lets go of it
     * @param deadline when its time is up, by {@link System#nanoTime}
     */
    Job(ModelVersion model, Work work, long deadline, Reply reply) {
      this.model = model;
      this.work = work;
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

  /** Takes a job on, or says why not. */
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

  /** Whether all threads are there. */
  boolean alive() {
    return threads.stream().allMatch(Thread::isAlive);
  }

  /** Answers those that wait for longer than they may; to be called now and then. */
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

  /** How many jobs wait. */
  synchronized int waiting() {
    return queue.size();
  }

  /** Goes on whatever happens: a server that has lost its workers would look well and be dead. */
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
      // None of them is left without an answer.
      jobs.forEach(job -> quietly(() -> job.fail(new ApiException(500, INTERNAL))));
    }
  }

  private static void quietly(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      // What is said about failures has failed itself: nobody is left to tell.
      return;
    }
  }

  /** Takes the next job, with those behind it that run in the same batch; false at the end. */
  private synchronized boolean take(List<Job> jobs) throws InterruptedException {
    while (queue.isEmpty()) {
      if (closed) {
        return false;
      }
      wait();
    }
    ModelVersion model = queue.element().model;
    do {
      // In this order: if there is no memory for it, it is still in the queue.
      jobs.add(queue.element());
      queue.remove();
    } while (jobs.size() < model.preferredBatch()
        && !queue.isEmpty()
        && queue.element().model == model);
    return true;
  }

  /** Jobs of one version that are done together. */
  private final class Batch {
    private final int worker;
    private final List<Job> jobs;
    private final ModelVersion model;
    private final int size;
    private final int room;
    private final List<Job> owners = new ArrayList<>();
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
      job.images = job.work.images(model);
      pass(job);
      job.probabilities = new float[job.images.count() * model.scores()];
      while (job.filled < job.images.count() && !job.ended) {
        job.images.filling().fill(job.filled, input, owners.size() * size, () -> pass(job));
        job.filled++;
        owners.add(job);
        if (owners.size() == room) {
          flush();
        }
      }
    }

    /** Ends a job whose time is up, or any if the server ends. */
    private void pass(Job job) {
      if (job.late()) {
        throw new ApiException(
            504, "The request takes too long; send fewer or smaller images at a time.");
      } else if (closed) {
        throw shutsDown();
      }
    }

    private void flush() {
      // Also those whose images were made ready while others' took long.
      owners.stream().filter(job -> !job.ended).forEach(job -> guarded(job, () -> pass(job)));
      if (owners.stream().allMatch(job -> job.ended)) {
        owners.clear();
        return;
      }
      int count = owners.size();
      try {
        float[] values = count == room ? input : Arrays.copyOf(input, count * size);
        float[] probabilities = model.run(worker, values, count);
        int scores = model.scores();
        metrics.batch(count);
        for (int i = 0; i < count; i++) {
          Job job = owners.get(i);
          if (!job.ended) {
            System.arraycopy(
                probabilities, i * scores, job.probabilities, job.scored * scores, scores);
            job.scored++;
          }
        }
      } catch (RuntimeException | Error e) {
        owners.forEach(job -> failed(job, e));
      }
      List<Job> done = List.copyOf(owners);
      owners.clear();
      for (Job job : done) {
        if (!job.ended && job.scored == job.images.count()) {
          guarded(job, () -> job.answer(job.work.answer(model, job.probabilities, worker)));
        }
      }
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
   * Ends the threads, each after the step that it is at; refuses what waits. A thread that is in a
   * step for long is left behind, since native code cannot be stopped. What it uses is not freed:
   * its job holds the model.
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

  /** How many threads there still are. */
  long running() {
    return threads.stream().filter(Thread::isAlive).count();
  }
}
