// Answers for: one folder's messages as the list sees them: any row by its number, fetched by the hundred when looked at.
import { getConversations } from '../api/conversations';
import { getMessages, searchEverywhere, type Search } from '../api/mail';
import type { Message, Thread } from '../api/types';

const PAGE = 100;
/** Scrolling past is not looking at: only where the list rests for a moment is worth a request. */
const REST = 40;

/** What a row is: a message, or the conversation that it stands for. */
export const keyOf = (row: Message | undefined): string | undefined => row?.thread?.id ?? row?.id;

/** The row of a conversation after something was done to one message of it; what is not known here the server tells soon. */
function changed(row: Message, thread: Thread, message: Message, change: Partial<Message>): Message {
  const isHere = message.parentFolderId === row.parentFolderId;
  const next = { ...thread };
  if (isHere && change.isRead !== undefined) next.unread = Math.min(thread.here, Math.max(0, thread.unread + (change.isRead ? -1 : 1)));
  if (isHere && change.flag) next.isFlagged = change.flag.flagStatus === 'flagged' || (thread.here > 1 && thread.isFlagged);
  return { ...row, ...(row.id === message.id ? change : {}), thread: next };
}

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
  constructor(readonly folder: string, readonly search: Search | null = null, readonly boxes: (string | null)[] = [], readonly byConversation = false) {}

  #ask(page: number): Promise<{ count: number; beyond?: number; rows: Message[] }> {
    if (this.search?.where === 'everywhere') return searchEverywhere(this.boxes, this.search, PAGE);
    if (this.byConversation) return getConversations(this.folder, page * PAGE, PAGE);
    return this.search ? getMessages(this.folder, page * PAGE, PAGE, this.search) : getMessages(this.folder, page * PAGE, PAGE);
  }
  /** All that it is about, shown or not. */
  get total(): number {
    return (this.count ?? 0) + this.beyond;
  }
  /** Also of rows that were never looked at. Both ends count. */
  async keysBetween(first: number, last: number): Promise<string[]> {
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) {
      const [from, to] = [Math.max(first, page * PAGE), Math.min(last, page * PAGE + PAGE - 1)];
      const missing = Array.from({ length: to - from + 1 }, (_, i) => from + i).some((i) => i < (this.count ?? 0) && !this.#rows[i]);
      if (!missing) continue;
      const { rows } = await this.#ask(page);
      for (const [i, row] of rows.entries()) this.#rows[page * PAGE + i] ??= row;
    }
    this.#version++;
    return this.#rows.slice(first, last + 1).flatMap((row) => keyOf(row) ?? []);
  }

  at(index: number): Message | undefined {
    void this.#version;
    return this.#rows[index];
  }
  /** Which row shows a message, itself or as part of its conversation. */
  rowOf(message: Pick<Message, 'id' | 'conversationId'>): number {
    void this.#version;
    return this.#rows.findIndex((row) => row && (row.thread ? row.thread.id === message.conversationId : row.id === message.id));
  }
  placeOf(key: string): number {
    return this.#rows.findIndex((row) => keyOf(row) === key);
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

  patch(message: Message, change: Partial<Message>): void {
    const index = this.rowOf(message);
    const row = this.#rows[index];
    if (!row) return;
    this.#rows[index] = row.thread ? changed(row, row.thread, message, change) : { ...row, ...change };
    this.#version++;
  }
  patchThread(key: string, change: Partial<Thread>): void {
    const index = this.placeOf(key);
    const row = this.#rows[index];
    if (!row?.thread) return;
    this.#rows[index] = { ...row, thread: { ...row.thread, ...change } };
    this.#version++;
  }
  /** Where its row was; -1: no row has gone, because there was none or the rest of its conversation stays. */
  remove(message: Message): number {
    const index = this.rowOf(message);
    const row = this.#rows[index];
    if (row?.thread && (row.parentFolderId !== message.parentFolderId || row.thread.here > 1)) {
      if (row.parentFolderId === message.parentFolderId) this.patchThread(row.thread.id, { here: row.thread.here - 1, unread: Math.max(0, row.thread.unread - (message.isRead ? 0 : 1)) });
      return -1;
    }
    return this.removeAt(index);
  }
  removeAt(index: number): number {
    if (index < 0) return index;
    this.#rows.splice(index, 1);
    this.count = Math.max(0, (this.count ?? 1) - 1);
    // The rows after it moved up by one: the page that ended there now lacks its last row.
    for (const page of [...this.#fresh]) if (page >= Math.floor(index / PAGE)) this.#fresh.delete(page);
    this.#version++;
    return index;
  }
  /** What could not be done after all is as it was. */
  insert(index: number, message: Message): void {
    if (this.byConversation || index < 0) return this.refresh();
    this.#rows.splice(index, 0, message);
    this.count = (this.count ?? 0) + 1;
    this.#version++;
  }
}
