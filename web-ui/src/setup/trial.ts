// Answers for: what the queue and the inbox say about the message that was sent to see whether mail gets out and back. Pure.
import type { Waiting } from '../api/admin';
import type { Message, Trial } from '../api/types';

export interface Seen {
  /** It has not left yet. */
  waits: boolean;
  /** What a server said to it, while it waits. */
  why: string | null;
  /** It, or the answer to it, is in the inbox. */
  back: boolean;
  /** The subject of what somebody else sent back instead: a report that it could not be delivered. */
  bounced: string | null;
}
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
export const trialCode = (): string => Array.from(crypto.getRandomValues(new Uint8Array(8)), (n) => LETTERS[n % LETTERS.length]).join('');

const same = (a: string | undefined, b: string) => a?.toLowerCase() === b.toLowerCase();

export function seen(trial: Trial, own: string, queue: Waiting[], inbox: Message[]): Seen {
  const waiting = queue.filter((m) => same(m.sender, own)).flatMap((m) => m.recipients).find((r) => same(r.address, trial.to));
  const about = inbox.filter((m) => m.subject?.includes(trial.code));
  const back = about.some((m) => same(m.from?.emailAddress.address, trial.to));
  const other = about.find((m) => !same(m.from?.emailAddress.address, trial.to) && !same(m.from?.emailAddress.address, own));
  return { waits: waiting !== undefined, why: waiting?.lastReply ?? null, back, bounced: back ? null : (other?.subject ?? null) };
}
