// Works on items one after another, a few at a time.

/** A queue that can be paused. */
export class Queue {
  #run;
  #lanes;
  #waiting = [];
  #running = 0;
  #paused = false;

  /**
   * @param {(item: object) => Promise<void>} run works on an item; does not reject
   * @param {number} lanes how many at a time
   */
  constructor(run, lanes) {
    this.#run = run;
    this.#lanes = lanes;
  }

  add(...items) {
    this.#waiting.push(...items);
    this.#next();
  }

  /** Puts an item first, such as one whose work has to be done again. */
  addFirst(item) {
    this.#waiting.unshift(item);
    this.#next();
  }

  /** Takes an item out, if it still waits. */
  remove(item) {
    const at = this.#waiting.indexOf(item);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
    }
    return at >= 0;
  }

  /** Starts no more until told to resume. */
  pause() {
    this.#paused = true;
  }

  resume() {
    this.#paused = false;
    this.#next();
  }

  #next() {
    while (!this.#paused && this.#running < this.#lanes && this.#waiting.length > 0) {
      const item = this.#waiting.shift();
      this.#running++;
      this.#run(item).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }
}
