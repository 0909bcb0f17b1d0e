// Answers for: one folder's messages as the list sees them: any row by its number, fetched by the hundred when looked at.
import { getMessages, searchEverywhere, type Search } from '../api/mail';
import type { Message } from '../api/types';

const PAGE = 100;
/** Scrolling past is not looking at: only where the list rests for a moment is worth a request. */
const REST = 40;

export class MessageList {
  count = $state<number | null>(null);
  /** What was found as well and is not among the rows: a search everywhere shows the newest of each mailbox. */
  beyond = $state(0);
  problem = $state.raw<unknown>(null);
  /** Grows with every answer of the server, not with what was changed here. */
  answers = $state(0);
  #version = $state(0);
  #rows: (Message | undefined)[] = [];
  /** Pages that hold what the server last said. The others are shown as they are and fetched when seen. */
  #fresh = new Set<number>();
  #loading = new Set<number>();
  /** Answers asked for before a local change would bring the old state back; they are thrown away. */
  #epoch = 0;
  #held = 0;
  #refreshAfter = false;
  #seen: [number, number] = [0, 0];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `boxes`: of whom a search everywhere asks. */
  constructor(readonly folder: string, readonly search: Search | null = null, readonly boxes: (string | null)[] = []) {}

  #ask(page: number): Promise<{ count: number; beyond?: number; rows: Message[] }> {
    if (this.search?.where === 'everywhere') return searchEverywhere(this.boxes, this.search, PAGE);
    return this.search ? getMessages(this.folder, page * PAGE, PAGE, this.search) : getMessages(this.folder, page * PAGE, PAGE);
  }
  /** All that it is about, shown or not. */
  get total(): number {
    return (this.count ?? 0) + this.beyond;
  }
  /** Also of rows that were never looked at. Both ends count. */
  async idsBetween(first: number, last: number): Promise<string[]> {
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) {
      const [from, to] = [Math.max(first, page * PAGE), Math.min(last, page * PAGE + PAGE - 1)];
      const missing = Array.from({ length: to - from + 1 }, (_, i) => from + i).some((i) => i < (this.count ?? 0) && !this.#rows[i]);
      if (!missing) continue;
      const { rows } = await this.#ask(page);
      for (const [i, row] of rows.entries()) this.#rows[page * PAGE + i] ??= row;
    }
    this.#version++;
    return this.#rows.slice(first, last + 1).flatMap((row) => (row ? [row.id] : []));
  }

  at(index: number): Message | undefined {
    void this.#version;
    return this.#rows[index];
  }
  indexOf(id: string): number {
    return this.#rows.findIndex((row) => row?.id === id);
  }
  byId(id: string): Message | undefined {
    void this.#version;
    return this.#rows.find((row) => row?.id === id);
  }

  /** Tells which rows are on screen; missing ones are fetched. */
  look(first: number, last: number): void {
    this.#seen = [first, last];
    clearTimeout(this.#timer);
    if (this.count === null) this.#fetch(0);
    else this.#timer = setTimeout(() => this.#fill(), REST);
  }

  #fill(): void {
    const [first, last] = this.#seen;
    const end = Math.max(first, Math.min(last, this.count ?? 1) - 1);
    for (let page = Math.floor(first / PAGE); page <= Math.floor(end / PAGE); page++) this.#fetch(page);
  }

  #fetch(page: number): void {
    if (this.#fresh.has(page) || this.#loading.has(page) || this.#held > 0) return;
    this.#loading.add(page);
    const epoch = this.#epoch;
    this.#ask(page)
      .then(({ count, beyond = 0, rows }) => {
        if (epoch !== this.#epoch) return;
        this.problem = null;
        this.#rows.length = count;
        for (const [i, row] of rows.entries()) this.#rows[page * PAGE + i] = row;
        this.count = count;
        this.beyond = beyond;
        this.#fresh.add(page);
        this.#version++;
        this.answers++;
      })
      .catch((error: unknown) => {
        if (epoch === this.#epoch) this.problem = error;
      })
      .finally(() => {
        this.#loading.delete(page);
        if (epoch !== this.#epoch) this.#fill();
      });
  }

  /** Something changed on the server: look again at what is on screen, keep showing it meanwhile. */
  refresh(): void {
    if (this.#held > 0) {
      this.#refreshAfter = true;
      return;
    }
    this.#epoch++;
    this.#fresh.clear();
    if (this.count === null) this.#fetch(0);
    else this.#fill();
  }

  /** From a local change until the server confirmed it, nothing is fetched: it would flicker back and forth. */
  hold(): () => void {
    this.#held++;
    this.#epoch++;
    return () => {
      this.#held--;
      if (this.#held > 0) return;
      if (this.#refreshAfter) {
        this.#refreshAfter = false;
        this.refresh();
      } else this.#fill();
    };
  }

  patch(id: string, change: Partial<Message>): void {
    const index = this.indexOf(id);
    const row = this.#rows[index];
    if (!row) return;
    this.#rows[index] = { ...row, ...change };
    this.#version++;
  }
  remove(id: string): number {
    const index = this.indexOf(id);
    if (index < 0) return index;
    this.#rows.splice(index, 1);
    this.count = Math.max(0, (this.count ?? 1) - 1);
    // The rows after it moved up by one: the page that ended there now lacks its last row.
    for (const page of [...this.#fresh]) if (page >= Math.floor(index / PAGE)) this.#fresh.delete(page);
    this.#version++;
    return index;
  }
  insert(index: number, message: Message): void {
    this.#rows.splice(index, 0, message);
    this.count = (this.count ?? 0) + 1;
    this.#version++;
  }
}
