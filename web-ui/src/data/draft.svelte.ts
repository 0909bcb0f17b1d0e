// Answers for: the message being written. It lives outside the window that shows it, and on this device until the server has it.
import type { SendMode } from '../api/mail';
import type { EmailAddress } from '../api/types';

export interface Draft {
  /** Of the server's draft; none before the first saving. */
  id: string | null;
  /** The address of the mailbox that it is written in and sent from; null: one's own. */
  mailbox: string | null;
  mode: SendMode;
  original: string | null;
  to: EmailAddress[];
  cc: EmailAddress[];
  bcc: EmailAddress[];
  subject: string;
  /** How it is written, and so what `body` is. */
  format: 'html' | 'text';
  body: string;
  /** The original as HTML, below what is written: the editor does not touch it. Plain text has it in the body. */
  below: string;
  /** The original was too large to be kept on this device: only the server's draft has it, and it comes back from there. */
  cut?: boolean;
  /** Whether signature and quote are in it already. */
  begun: boolean;
  /** One of one's own addresses; empty: the first. */
  from: string;
  /** The signature that stands in the body, and what is quoted, as plain text. */
  signed: string;
  quote: string;
  /** What the body was filled with; as long as nothing differs there is nothing to lose. */
  prefilled: string;
}

export const emptyDraft = (): Draft => ({ id: null, mailbox: null, mode: 'new', original: null, to: [], cc: [], bcc: [], subject: '', format: 'text', body: '', below: '', begun: false, from: '', signed: '', quote: '', prefilled: '' });

class Desk {
  draft = $state<Draft | null>(null);
  /** Grows when somebody asks for the window while it is open, so that it can come to the front. */
  calls = $state(0);
  #owner = '';

  #key = () => `hauspost.draft.${this.#owner}`;

  get dirty(): boolean {
    const d = this.draft;
    if (!d) return false;
    if (d.body !== d.prefilled) return true;
    const people = d.to.length + d.cc.length + d.bcc.length;
    if (d.mode === 'forward') return people > 0;
    return d.mode === 'new' && (d.subject !== '' || people > 0);
  }

  /** Brings back what was not sent when this page was last closed. */
  restore(owner: string): boolean {
    this.#owner = owner;
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key()) ?? 'null') as Draft | null;
      if (!kept || typeof kept.body !== 'string' || !Array.isArray(kept.to)) return false;
      this.draft = { ...emptyDraft(), ...kept };
      return true;
    } catch {
      return false;
    }
  }
  keep(): void {
    try {
      if (this.draft && this.dirty) this.#put(this.draft);
      else localStorage.removeItem(this.#key());
    } catch {
      // A full or forbidden storage must not disturb the writing itself.
    }
  }

  /** What was written comes first: a long original that does not fit into the storage is left out, and marked as missing. */
  #put(draft: Draft): void {
    try {
      localStorage.setItem(this.#key(), JSON.stringify(draft));
    } catch {
      localStorage.setItem(this.#key(), JSON.stringify({ ...draft, below: '', quote: '', cut: draft.cut === true || draft.below !== '' }));
    }
  }

  /** False when another message is still being written: that one comes to the front instead. */
  start(draft: Draft): boolean {
    if (this.draft && this.dirty) {
      this.calls++;
      return false;
    }
    this.draft = draft;
    this.calls++;
    return true;
  }
  close(): Draft | null {
    const was = this.draft ? $state.snapshot(this.draft) : null;
    this.draft = null;
    this.keep();
    return was;
  }
}
export const desk = new Desk();
