// Answers for: what is being written, on the server: saved as a draft, with its files, sent, and taken back.
import { attach, changeDraft, createDraft, detach, fetchBack, forgetDraft, sendDraft, takeBack, throwDraft } from '../api/draft';
import { getAttachments } from '../api/mail';
import type { EmailAddress, OutgoingMessage } from '../api/types';
import { account } from '../app/session.svelte';
import { desk, type Draft } from './draft.svelte';

export interface FileRow {
  /** The server's id, or one of our own. */
  key: string;
  name: string;
  size: number;
  done: number;
  /** None while it is on its way. */
  id: string | null;
  problem: unknown;
  file?: File;
  abort?: AbortController;
}
/** The line and the server are slower than a click. */
const GRACE = 3000;
const wrap = (list: EmailAddress[]) => list.map((emailAddress) => ({ emailAddress: { ...emailAddress } }));

function outgoing(draft: Draft): OutgoingMessage {
  return {
    subject: draft.subject, body: { contentType: 'text', content: draft.body },
    ...(draft.from && draft.from !== account.session?.address ? { from: { emailAddress: { name: account.session?.name ?? '', address: draft.from } } } : {}),
    toRecipients: wrap(draft.to), ccRecipients: wrap(draft.cc), bccRecipients: wrap(draft.bcc),
  };
}

class Post {
  state = $state<'none' | 'saving' | 'saved' | 'failed'>('none');
  files = $state<FileRow[]>([]);
  #next = 1;
  #ahead = 0;
  /** What the server has, as it was sent. */
  #has = '';
  #turn = 0;
  /** A draft that is there for the files of what is forwarded, before anybody has written anything. */
  #empty: string | null = null;
  /** One request at a time: two would make two drafts. */
  #line: Promise<unknown> = Promise.resolve();

  get loading(): boolean {
    return this.files.some((f) => f.id === null && !f.problem);
  }

  /** Another message comes to the desk. */
  async open(draft: Draft): Promise<void> {
    const turn = ++this.#turn;
    this.files = [];
    this.#has = '';
    this.state = 'none';
    if (draft.id === null && draft.mode === 'forward' && draft.original) this.#empty = await this.save(draft).catch(() => null);
    if (draft.id === null) return;
    try {
      const there = await getAttachments(draft.id);
      if (turn === this.#turn) this.files = there.map((a) => ({ key: a.id, name: a.name ?? '', size: a.size, done: a.size, id: a.id, problem: null }));
    } catch {
      // It was sent or thrown away on another device; what is written here becomes a new one.
      draft.id = null;
    }
  }

  /** Whether nobody misses it. */
  isEmpty(draft: Draft): boolean {
    return draft.id !== null && draft.id === this.#empty;
  }

  /** When what is being saved is saved, or has failed. */
  settled(): Promise<unknown> {
    return this.#line.catch(() => null);
  }

  /** Its id on the server. */
  save(draft: Draft): Promise<string> {
    const next = this.#line.catch(() => null).then(() => this.#store(draft));
    this.#line = next;
    return next;
  }
  async #store(draft: Draft): Promise<string> {
    const message = outgoing(draft);
    const text = JSON.stringify(message);
    if (draft.id !== null && text === this.#has) return draft.id;
    this.state = 'saving';
    try {
      const stored = draft.id === null ? await createDraft(draft.mode, draft.original, message) : await changeDraft(draft.id, message);
      draft.id = stored.id;
      this.#ahead = stored.ahead;
      this.#has = text;
      this.state = 'saved';
      desk.keep();
      return stored.id;
    } catch (error) {
      this.state = 'failed';
      throw error;
    }
  }

  add(draft: Draft, files: Iterable<File>): void {
    for (const file of files) {
      this.files.push({ key: `new-${this.#next++}`, name: file.name, size: file.size, done: 0, id: null, problem: null, file, abort: new AbortController() });
      const row = this.files.at(-1);
      if (row) void this.#bring(draft, row, file);
    }
  }
  again(draft: Draft, row: FileRow): void {
    if (!row.file) return;
    Object.assign(row, { problem: null, done: 0, abort: new AbortController() });
    void this.#bring(draft, row, row.file);
  }
  async #bring(draft: Draft, row: FileRow, file: File): Promise<void> {
    try {
      const id = await this.save(draft);
      const there = await attach(id, file, (done) => (row.done = done), row.abort?.signal ?? new AbortController().signal);
      Object.assign(row, { id: there.id, done: row.size });
    } catch (error) {
      row.problem = error;
    }
  }
  async remove(draft: Draft, row: FileRow): Promise<void> {
    row.abort?.abort();
    if (row.id !== null && draft.id !== null) await detach(draft.id, row.id);
    this.files = this.files.filter((f) => f.key !== row.key);
  }

  /** `seconds`: how long the server holds it, so that it can be taken back. */
  async send(draft: Draft, seconds: number): Promise<string> {
    const id = await this.save(draft);
    await sendDraft(id, Date.now() + this.#ahead + (seconds > 0 ? seconds * 1000 + GRACE : 0));
    return id;
  }
  takeBack = takeBack;
  throwAway = throwDraft;
  fetchBack = fetchBack;
  forget = forgetDraft;
}
export const post = new Post();
