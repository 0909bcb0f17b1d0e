// Answers for: what somebody types into the search: words, and things said with a key before a colon, in German or English. Pure.
import type { Key } from '../i18n/index.svelte';

type Name = 'from' | 'to' | 'cc' | 'subject' | 'has' | 'is' | 'before' | 'after' | 'in' | 'filename';
const KEYS: Record<string, Name> = {
  from: 'from', von: 'from', to: 'to', an: 'to', cc: 'cc', kopie: 'cc', subject: 'subject', betreff: 'subject', has: 'has', hat: 'has', mit: 'has', is: 'is', ist: 'is',
  before: 'before', vor: 'before', after: 'after', nach: 'after', seit: 'after', in: 'in', filename: 'filename', datei: 'filename',
};
const STATES: Record<string, string> = {
  unread: 'isread:false', ungelesen: 'isread:false', read: 'isread:true', gelesen: 'isread:true', flagged: 'isflagged:true', markiert: 'isflagged:true', important: 'importance:high', wichtig: 'importance:high',
};
const FILES = /^(attachments?|anhang|anh[äa]nge|dateien?|files?)$/i;

export interface Term {
  /** As it was typed, to be taken out again. */
  raw: string;
  name: Name;
  value: string;
}
export interface Query {
  terms: Term[];
  words: string[];
}
/** What is offered below the field, by what it means. */
export const OFFERED: { name: Name; key: Key; sample: Key }[] = (['from', 'to', 'subject', 'has', 'is', 'before', 'after', 'in', 'filename'] as const)
  .map((name) => ({ name, key: `mail.search.key.${name}`, sample: `mail.search.sample.${name}` }));

export function readQuery(text: string): Query {
  const query: Query = { terms: [], words: [] };
  for (const [raw, key, quoted, plain] of text.matchAll(/(?:(\p{L}+):)?(?:"([^"]*)"?|(\S+))/gu)) {
    const value = (quoted ?? plain ?? '').trim();
    const name = key === undefined ? undefined : KEYS[key.toLowerCase()];
    if (value === '') continue;
    if (name && kql({ raw, name, value }) !== null) query.terms.push({ raw, name, value });
    else query.words.push(key === undefined || name ? value : `${key}:${value}`);
  }
  return query;
}
/** What is typed without that term. */
export const without = (text: string, term: Term): string => text.replace(term.raw, '').replace(/\s{2,}/g, ' ').trim();

/** `1.11.2026`, `1.11.`, `2026-11-01`, `heute`, `today`. */
function day(text: string, now = new Date()): string | null {
  const iso = /^\d{4}-\d{1,2}-\d{1,2}$/.exec(text);
  const german = /^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/.exec(text);
  const two = (n: number) => String(n).padStart(2, '0');
  if (iso) return text;
  if (/^(heute|today)$/i.test(text)) return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  if (!german) return null;
  const [d, m] = [Number(german[1]), Number(german[2])];
  return d < 1 || d > 31 || m < 1 || m > 12 ? null : `${german[3] ?? now.getFullYear()}-${two(m)}-${two(d)}`;
}
const quote = (text: string): string => `"${text.replaceAll('"', ' ').trim()}"`;

/** How the server says it. Null: it does not mean anything; empty: it says where, not what. */
function kql({ name, value }: Term): string | null {
  if (name === 'in') return '';
  if (name === 'has') return FILES.test(value) ? 'hasattachment:true' : null;
  if (name === 'is') return STATES[value.toLowerCase()] ?? null;
  if (name === 'before' || name === 'after') {
    const at = day(value);
    return at && `received${name === 'before' ? '<' : '>='}${at}`;
  }
  return `${name === 'filename' ? 'attachment' : name}:${quote(value)}`;
}
export const serverQuery = (query: Query): string => [...query.terms.map((term) => kql(term) ?? ''), ...query.words.map(quote)].filter(Boolean).join(' ');
/** Where somebody wants to look, if they say so. */
export const wantedFolder = (query: Query): string | null => query.terms.findLast((term) => term.name === 'in')?.value ?? null;
/** What is marked in what was found. */
export const markedWords = (query: Query): string[] =>
  [...query.words, ...query.terms.filter((t) => ['from', 'to', 'cc', 'subject'].includes(t.name)).map((t) => t.value)].flatMap((w) => w.split(/\s+/)).filter((w) => w.length > 1);
