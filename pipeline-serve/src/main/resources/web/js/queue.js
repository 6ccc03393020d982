// Queue that processes a few items at a time.

/** A queue that can be paused. */
export class Queue {
  #run;
  #lanes;
  #waiting = [];
  #running = 0;
  #paused = false;

  /**
   * @param {(item: object) => Promise<void>} run processes an item; does not reject
   * @param {number} lanes number of items at a time
   */
  constructor(run, lanes) {
    this.#run = run;
    this.#lanes = lanes;
  }

  add(...items) {
    this.#waiting.push(...items);
    this.#next();
  }

  /** Adds an item at the front, such as one that is repeated. */
  addFirst(item) {
    this.#waiting.unshift(item);
    this.#next();
  }

  /** Removes an item that is still waiting. */
  remove(item) {
    const at = this.#waiting.indexOf(item);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
    }
    return at >= 0;
  }

  /** Starts no more items until resume. */
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
