// Answers for: which messages are picked, and what the server is doing to them: begun here, watched, stopped, taken back.
import { beginBulk, lookAtBulk, stopBulk, undoBulk, type BulkAction, type BulkJob, type Chosen } from '../api/bulk';
import { inMailbox, mailboxOf } from '../api/place';
import { toasts } from '../app/toasts.svelte';
import { errorText } from '../i18n/errors';
import { t } from '../i18n/index.svelte';
import { mailbox } from './mailbox.svelte';
import { keyOf } from './messages.svelte';

/** What fits well into one request; more are picked as "all". */
const MOST = 5000;
const LOOK_AGAIN = 300;
/** A conversation is done with in some milliseconds. */
const LOOK_SOON = 50;
const pause = (ms: number) => new Promise((go) => setTimeout(go, ms));

class Picks {
  ids = $state.raw<ReadonlySet<string>>(new Set());
  /** All of what the list shows, also what was never loaded. */
  all = $state(false);
  #from: number | null = null;

  get count(): number {
    return this.all ? mailbox.list.total : this.ids.size;
  }
  /** Rows by conversation stand for all messages that the folder has of them. */
  get messages(): number {
    const { list, current } = mailbox;
    if (!list.byConversation) return this.count;
    if (this.all) return current?.totalItemCount ?? this.count;
    return [...this.ids].reduce((n, key) => n + (list.at(list.placeOf(key))?.thread?.here ?? 1), 0);
  }
  has = (id: string | undefined): boolean => id !== undefined && (this.all || this.ids.has(id));
  clear(): void {
    this.ids = new Set();
    this.all = false;
    this.#from = null;
  }
  only(key: string): void {
    this.clear();
    this.ids = new Set([key]);
  }
  toggle(index: number): void {
    const id = keyOf(mailbox.list.at(index));
    if (id === undefined) return;
    if (this.all) this.clear();
    const next = new Set(this.ids);
    if (!next.delete(id)) next.add(id);
    this.ids = next;
    this.#from = index;
  }
  /** From the row picked last to this one; rows that were never on screen are asked for. */
  async to(index: number): Promise<void> {
    const from = this.#from ?? index;
    const [first, last] = [Math.min(from, index), Math.min(Math.max(from, index), Math.min(from, index) + MOST - 1)];
    const ids = await mailbox.list.keysBetween(first, last);
    this.ids = new Set([...this.ids, ...ids]);
    this.#from = from;
  }
}
export const picks = new Picks();

export const byMailbox = (ids: string[]): Chosen[] => [...new Set(ids.map(mailboxOf))].map((box) => ({ mailbox: box, ids: ids.filter((id) => mailboxOf(id) === box) }));

class Bulk {
  /** What the server is doing right now. */
  running = $state<{ done: number; all: number; said: string } | null>(null);
  #job: string | null = null;

  /** `destination`: for each mailbox that something lies in; where there is none nothing is moved. */
  async run(action: BulkAction, said: string, done: (n: number) => string, destination: (mailbox: string | null) => string | undefined = () => undefined, what?: Chosen[]): Promise<void> {
    if (this.running) return;
    const all = what ?? this.#chosen();
    const chosen = action === 'move' ? all.filter((one) => destination(one.mailbox) !== undefined) : all;
    if (chosen.length < all.length) toasts.show(t('mail.bulk.elsewhere'));
    if (chosen.length === 0) return;
    picks.clear();
    const over: { mailbox: string | null; job: BulkJob }[] = [];
    try {
      for (const one of chosen) over.push({ mailbox: one.mailbox, job: await this.#watch(await beginBulk(one, action, destination(one.mailbox)), said) });
    } catch (error) {
      toasts.show(errorText(error), { kind: 'bad' });
    }
    this.#end();
    const failed = over.find(({ job }) => job.state === 'failed');
    if (failed) toasts.show(failed.job.failure ?? t('mail.bulk.failed'), { kind: 'bad' });
    const changed = over.reduce((n, { job }) => n + job.changed, 0);
    const back = over.filter(({ job }) => job.canUndo);
    if (over.length > 0) toasts.show(done(changed), back.length > 0 ? { stay: 15_000, action: { label: t('common.undo'), run: () => void this.#undo(back) } } : {});
  }
  #quick: Promise<void> = Promise.resolve();
  /** Something small that the screen shows already: one behind the other, so that the next key need not wait. */
  soon(one: Chosen, action: BulkAction, done: (n: number) => string, destination?: string): Promise<void> {
    this.#quick = this.#quick.then(async () => {
      try {
        let job = await beginBulk(one, action, destination);
        while (job.state === 'running') {
          await pause(LOOK_SOON);
          job = await lookAtBulk(job.id);
        }
        if (job.state === 'failed') toasts.show(job.failure ?? t('mail.bulk.failed'), { kind: 'bad' });
        else toasts.show(done(job.changed), job.canUndo ? { stay: 15_000, action: { label: t('common.undo'), run: () => void this.#undo([{ mailbox: one.mailbox, job }]) } } : {});
      } catch (error) {
        toasts.show(errorText(error), { kind: 'bad' });
      }
      mailbox.refresh();
    });
    return this.#quick;
  }
  async #undo(over: { mailbox: string | null; job: BulkJob }[]): Promise<void> {
    let left = over;
    try {
      let state: BulkJob['state'] = 'done';
      for (const { mailbox: box, job } of over) {
        ({ state } = await this.#watch(await undoBulk(box, job.id), t('mail.bulk.undoing')));
        if (state !== 'done') break;
        left = left.slice(1);
      }
      // What was not come to can be taken back still.
      if (left.length === 0) toasts.show(t('mail.done.undone'));
      else toasts.show(t(state === 'stopped' ? 'mail.bulk.undoStopped' : 'mail.bulk.undoFailed'), { kind: 'bad', stay: 15_000, action: { label: t('mail.bulk.undoRest'), run: () => void this.#undo(left) } });
    } catch (error) {
      toasts.show(errorText(error), { kind: 'bad' });
    }
    this.#end();
  }
  async #watch(begun: BulkJob, said: string): Promise<BulkJob> {
    this.#job = begun.id;
    let job = begun;
    while (job.state === 'running') {
      this.running = { done: job.done, all: job.all, said };
      await pause(LOOK_AGAIN);
      job = await lookAtBulk(job.id);
    }
    return job;
  }
  #end(): void {
    this.running = null;
    this.#job = null;
    mailbox.refresh();
  }
  async stop(): Promise<void> {
    if (this.#job) await stopBulk(this.#job).catch(() => null);
  }
  /** One for each mailbox. */
  #chosen(): Chosen[] {
    const { search, folder } = mailbox;
    if (picks.all && search?.where === 'everywhere') {
      const own = mailbox.list.boxes.filter((box) => mailbox.level(inMailbox(box, 'inbox')) !== 'read');
      if (own.length < mailbox.list.boxes.length) toasts.show(t('mail.bulk.readOnly'));
      return own.map((box) => ({ mailbox: box, search: search.kql }));
    }
    if (picks.all) {
      const box = mailboxOf(folder);
      const here = mailbox.current?.id ?? folder;
      return [search ? { mailbox: box, search: search.kql, ...(search.where === 'folder' ? { folder: mailbox.find(search.folder)?.id ?? here } : {}) } : { mailbox: box, folder: here }];
    }
    if (mailbox.list.byConversation) return [{ mailbox: mailboxOf(folder), folder: mailbox.current?.id ?? folder, conversations: [...picks.ids] }];
    return byMailbox([...picks.ids]);
  }
}
export const bulk = new Bulk();
