// Answers for: what is being written, on the server: saved as a draft, with its files, sent, and taken back.
import { attach, changeDraft, createDraft, detach, fetchBack, forgetDraft, readDraft, sendDraft, takeBack, throwDraft } from '../api/draft';
import { ApiError } from '../api/errors';
import { getAttachments } from '../api/mail';
import type { Attachment, EmailAddress, OutgoingMessage } from '../api/types';
import { account } from '../app/session.svelte';
import { takeApart } from '../format/original';
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
  /** A picture in the text, by this name. */
  cid?: string;
  file?: File;
  abort?: AbortController;
}
/** The line and the server are slower than a click. */
const GRACE = 3000;
const wrap = (list: EmailAddress[]) => list.map((emailAddress) => ({ emailAddress: { ...emailAddress } }));
const rowOf = (a: Attachment): FileRow => ({ key: a.id, name: a.name ?? '', size: a.size, done: a.size, id: a.id, problem: null, ...(a.isInline && a.contentId ? { cid: a.contentId } : {}) });

function outgoing(draft: Draft): OutgoingMessage {
  return {
    subject: draft.subject, body: { contentType: draft.format, content: draft.body + (draft.format === 'html' ? draft.below : '') },
    ...(draft.from && draft.from !== (draft.mailbox ?? account.session?.address) ? { from: { emailAddress: { name: account.session?.name ?? '', address: draft.from } } } : {}),
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
    if (draft.cut) this.#line = this.#line.catch(() => null).then(() => this.#rejoin(draft)).catch(() => null);
    try {
      const there = await getAttachments(draft.id);
      if (turn === this.#turn) this.files = there.map(rowOf);
    } catch {
      // It was sent or thrown away on another device; what is written here becomes a new one.
      draft.id = null;
    }
  }

  /** Whether it can be written in another mailbox: what only the server has does not come along. */
  get canMove(): boolean {
    return this.files.every((f) => f.file);
  }
  /** Goes on in another mailbox, which is also another sender. */
  async move(draft: Draft, mailbox: string | null): Promise<void> {
    if (draft.mailbox === mailbox) return;
    await this.settled();
    const before = draft.id;
    draft.mailbox = mailbox;
    draft.id = null;
    this.#has = '';
    if (before === null) return;
    for (const row of this.files) this.again(draft, Object.assign(row, { id: null }));
    await this.save(draft);
    await forgetDraft(before).catch(() => null);
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
  /** The original that only the server has is put below again. Until then nothing may be saved: it would be gone. */
  async #rejoin(draft: Draft): Promise<void> {
    if (!draft.cut) return;
    try {
      if (draft.id !== null) draft.below = takeApart((await readDraft(draft.id)).body.content).below;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      // Sent or thrown away on another device: what was written becomes a draft of its own.
      draft.id = null;
    }
    draft.cut = false;
  }
  async #store(draft: Draft): Promise<string> {
    try {
      await this.#rejoin(draft);
    } catch (error) {
      this.state = 'failed';
      throw error;
    }
    const message = outgoing(draft);
    const text = JSON.stringify(message);
    if (draft.id !== null && text === this.#has) return draft.id;
    this.state = 'saving';
    try {
      const isNew = draft.id === null;
      const stored = draft.id === null ? await createDraft(draft.mailbox, draft.mode, draft.original, message) : await changeDraft(draft.id, message);
      draft.id = stored.id;
      this.#ahead = stored.ahead;
      this.#has = text;
      this.state = 'saved';
      desk.keep();
      if (isNew && draft.original !== null) void this.#learn(stored.id, this.#turn);
      return stored.id;
    } catch (error) {
      this.state = 'failed';
      throw error;
    }
  }

  /** The server puts pictures and files of the original into what is made of it. */
  async #learn(id: string, turn: number): Promise<void> {
    const there = await getAttachments(id).catch(() => []);
    if (turn === this.#turn) this.files.push(...there.filter((a) => !this.files.some((f) => f.id === a.id)).map(rowOf));
  }

  add(draft: Draft, files: Iterable<File>): void {
    for (const file of files) this.#take(draft, file);
  }
  /** A picture of the text; answers the name by which the text shows it. */
  embed(draft: Draft, file: File): string {
    const cid = `${crypto.randomUUID()}@hauspost`;
    this.#take(draft, file, cid);
    return cid;
  }
  #take(draft: Draft, file: File, cid?: string): void {
    this.files.push({ key: `new-${this.#next++}`, name: file.name, size: file.size, done: 0, id: null, problem: null, file, abort: new AbortController(), ...(cid ? { cid } : {}) });
    const row = this.files.at(-1);
    if (row) void this.#bring(draft, row, file);
  }
  /** Whether the text shows it, so that it is not listed below as well. */
  isInText = (draft: Draft, row: FileRow): boolean => row.cid !== undefined && draft.format === 'html' && (draft.body.includes(`cid:${row.cid}`) || draft.below.includes(`cid:${row.cid}`));
  again(draft: Draft, row: FileRow): void {
    if (!row.file) return;
    Object.assign(row, { problem: null, done: 0, abort: new AbortController() });
    void this.#bring(draft, row, row.file);
  }
  async #bring(draft: Draft, row: FileRow, file: File): Promise<void> {
    try {
      const id = await this.save(draft);
      const there = await attach(id, file, (done) => (row.done = done), row.abort?.signal ?? new AbortController().signal, row.cid);
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
    // Pictures that were taken out of the text again are nobody's attachments.
    for (const row of this.files.filter((f) => f.cid && f.file && !this.isInText(draft, f))) await this.remove(draft, row);
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
