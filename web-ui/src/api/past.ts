// Answers for: the calls about the days that backups hold: what was there, one thing of it, bringing it back.
import { at } from './base';
import { call } from './client';

export interface Day {
  place: string;
  id: string;
  at: string;
}
export interface PastFolder {
  id: number;
  kind: PastItem['kind'];
  name: string;
  role: string | null;
  items: number;
}
export interface PastItem {
  id: number;
  kind: 'message' | 'event' | 'task' | 'contact';
  folder: string;
  title: string;
  from: string | null;
  at: string;
  sizeBytes: number;
}
export interface Person {
  name: string | null;
  address: string;
}
export interface PastDetail extends PastItem {
  sender?: Person[];
  to?: Person[];
  cc?: Person[];
  files?: string[];
  fields?: { name: string; value: string; zone: string | null }[];
}
export interface Brought {
  messages: number;
  objects: number;
  present: number;
  replaced: number;
  lost: string[];
}
export interface PastAccount {
  address: string;
  items: number;
  sizeBytes: number;
  isHere: boolean;
}
export interface Back {
  folder?: number;
  items?: number[];
  beside?: string;
  over?: boolean;
  mailbox?: string;
  into?: string;
}
/** A slow share may take its time when a day is looked into first. */
const SLOW = { timeout: 180_000 };
const path = (day: Day) => `/api/past/${encodeURIComponent(day.place)}/${encodeURIComponent(day.id)}`;
const query = (values: Record<string, string | number | null>) => {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== '');
  return given.length === 0 ? '' : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`;
};

export const getDays = () => call<{ days: Day[]; away: { place: string; why: string }[] }>('GET', '/api/past', SLOW);
export const getPastFolders = async (day: Day, mailbox: string | null) => (await call<{ folders: PastFolder[] }>('GET', `${path(day)}/folders${query({ mailbox })}`, SLOW)).folders;
export const getPastItems = (day: Day, mailbox: string | null, wanted: { folder: number | null; find: string; after: string | null }) =>
  call<{ items: PastItem[]; next: string | null }>('GET', `${path(day)}/items${query({ mailbox, ...wanted })}`, SLOW);
export const getPastItem = (day: Day, mailbox: string | null, id: number) => call<PastDetail>('GET', `${path(day)}/items/${id}${query({ mailbox })}`, SLOW);
export const pastRaw = (day: Day, mailbox: string | null, id: number) => at(`${path(day)}/items/${id}/raw${query({ mailbox })}`);
export const pastBody = (day: Day, mailbox: string | null, id: number) => at(`/ui${path(day).slice(4)}/${id}${query({ mailbox })}`);
export const getPastAccounts = async (day: Day) => (await call<{ accounts: PastAccount[] }>('GET', `${path(day)}/accounts`, SLOW)).accounts;
export const revive = (day: Day, address: string) => call<{ bodies: number; rights: number; leftOut: string[]; lost: string[] }>('POST', `${path(day)}/revive`, { body: { address }, timeout: 3_600_000 });

/** Brings something back and waits until it is there. */
export async function bringBack(day: Day, back: Back): Promise<Brought> {
  const { run } = await call<{ run: string }>('POST', `${path(day)}/bring-back`, { body: back, ...SLOW });
  for (;;) {
    const told = await call<{ state: 'running' | 'done' | 'failed'; brought?: Brought; why?: string }>('GET', `/api/past/runs/${run}`);
    if (told.state === 'done' && told.brought) return told.brought;
    if (told.state === 'failed') throw new Error(told.why ?? '');
    await new Promise((go) => setTimeout(go, 1000));
  }
}
