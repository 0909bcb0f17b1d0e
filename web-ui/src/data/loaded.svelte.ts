// Answers for: one thing of the server that a screen shows: asked for, shown, asked for again, with what went wrong.
export class Loaded<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<unknown>(null);
  #ask: () => Promise<T>;
  #epoch = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
    void this.load();
  }
  /** What was there stays on screen until the answer is; an answer that was overtaken does not count. */
  load = async (): Promise<void> => {
    const epoch = ++this.#epoch;
    try {
      const value = await this.#ask();
      if (epoch !== this.#epoch) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (epoch === this.#epoch) this.problem = error;
    }
  };
}
