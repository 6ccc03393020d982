package io.github.deepxray.examples.guest;

import io.github.deepxray.datasets.Split;
import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.TrackedRun;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.TrackerFactory;
import java.util.Locale;
import java.util.Optional;

/** Tracker factory that prints the AUC of the test split. */
public final class AucPrinter implements TrackerFactory {
  /** Called by the service loader. */
  public AucPrinter() {}

  @Override
  public String name() {
    return "auc-printer";
  }

  @Override
  public Optional<Tracker> open(TrackedRun run) {
    return Optional.of(
        new Tracker() {
          @Override
          public void onEvaluated(Measurement measurement) {
            double auc = measurement.numbers(Split.TEST).get("test/auc");
            run.notes().accept(String.format(Locale.ROOT, "guest: test AUC %.3f", auc));
          }
        });
  }
}
