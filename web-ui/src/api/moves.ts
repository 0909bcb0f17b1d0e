// Answers for: the calls about moving mailboxes, calendars and contacts in and out.
import { call } from './client';
import type { Smarthost } from './types';

export type MoveKind = 'import-imap' | 'import-caldav' | 'import-carddav' | 'export-imap' | 'export-caldav' | 'export-carddav';
export interface MoveWanted {
  kind: MoveKind;
  account: string;
  server?: Smarthost & { protocol: 'imap' };
  url?: string;
  user?: string;
  isDryRun?: boolean;
  verify?: boolean;
  followDeletions?: boolean;
  into?: string;
}
export interface MoveFolder {
  path: string;
  target: string | null;
  items: number;
  bytes: number;
  known: number;
  new: number;
  newBytes: number;
  stored: number;
  adopted: number;
  setAside: number;
}
export interface MoveReport {
  isDryRun: boolean;
  folders: MoveFolder[];
  aside: { folder: string; name: string; reason: string; file: string }[];
  problems: string[];
  compared: number;
  differences: { folder: string; name: string; title: string; what: string }[];
  moreDifferences: number;
}
export interface Move {
  id: number;
  wanted: MoveWanted;
  state: 'waiting' | 'running' | 'done' | 'failed' | 'stopped';
  askedBy: string;
  askedAt: string;
  endedAt: string | null;
  error: string | null;
  report: MoveReport | null;
  progress: { folder: string; done: number; all: number } | null;
}
const MOVES = '/api/admin/moves';
export const getMoves = async () => (await call<{ moves: Move[] }>('GET', MOVES)).moves;
export const beginMove = (wanted: MoveWanted, password: string) => call<{ id: number }>('POST', MOVES, { body: { wanted, password } });
export const moveAgain = (id: number, how: { isDryRun?: boolean; verify?: boolean }) => call<null>('POST', `${MOVES}/${id}/again`, { body: how });
export const stopMove = (id: number) => call<null>('POST', `${MOVES}/${id}/stop`, { body: {} });
export const removeMove = (id: number) => call<null>('DELETE', `${MOVES}/${id}`);
/** Archives of gigabytes come over slow lines. */
export const dropFile = (account: string, file: File) =>
  call<unknown>('POST', `${MOVES}/files?account=${encodeURIComponent(account)}&name=${encodeURIComponent(file.name)}`, { body: file.slice(0, file.size, 'application/octet-stream'), timeout: 6 * 3_600_000 });
