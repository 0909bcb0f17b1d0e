// Answers for: one deed to many messages, done by the server: beginning, looking how far it is, stopping, taking back.
import { call } from './client';
import { apart, whose } from './place';

export type BulkAction = 'move' | 'read' | 'unread' | 'flag' | 'unflag' | 'destroy';
export interface BulkJob {
  id: string;
  state: 'running' | 'done' | 'stopped' | 'failed';
  done: number;
  all: number;
  changed: number;
  canUndo: boolean;
  failure: string | null;
}
/** `ids`, or all of a folder, or all that a search finds there or (without a folder) in the mailbox. Ids are those of the page. */
export interface Chosen {
  mailbox: string | null;
  ids?: string[];
  folder?: string;
  /** All that the folder has of these. */
  conversations?: string[];
  search?: string;
}
export function beginBulk(chosen: Chosen, action: BulkAction, destination?: string): Promise<BulkJob> {
  const bare = (id: string | undefined) => (id === undefined ? undefined : apart(id).bare);
  const body = { action, destination: bare(destination), ids: chosen.ids?.map((id) => apart(id).bare), folder: bare(chosen.folder), conversations: chosen.conversations, search: chosen.search };
  return call('POST', `/api/bulk${whose(chosen.mailbox, '?')}`, { body });
}
export const lookAtBulk = (id: string) => call<BulkJob>('GET', `/api/bulk/${encodeURIComponent(id)}`);
export const stopBulk = (id: string) => call<null>('DELETE', `/api/bulk/${encodeURIComponent(id)}`);
export const undoBulk = (mailbox: string | null, id: string) => call<BulkJob>('POST', `/api/bulk/${encodeURIComponent(id)}/undo${whose(mailbox, '?')}`);
