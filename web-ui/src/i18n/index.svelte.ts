// Answers for: every word the page shows. One JSON per language and area, loaded only when the area opens.
import { speak } from '../api/client';
import type { Lang } from '../api/types';
import type admin from './de/admin.json';
import type calendar from './de/calendar.json';
import type common from './de/common.json';
import type compose from './de/compose.json';
import type contacts from './de/contacts.json';
import type invite from './de/invite.json';
import type mail from './de/mail.json';
import type settings from './de/settings.json';
import type setup from './de/setup.json';
import type tasks from './de/tasks.json';
import { fill, type Params } from './fill';

export interface Tables {
  admin: typeof admin;
  calendar: typeof calendar;
  common: typeof common;
  compose: typeof compose;
  contacts: typeof contacts;
  invite: typeof invite;
  mail: typeof mail;
  settings: typeof settings;
  setup: typeof setup;
  tasks: typeof tasks;
}
export type Area = keyof Tables;
/** `messages#one` and `messages#other` are asked for as `messages`; the number decides. */
type Base<K> = K extends `${infer Stem}#${string}` ? Stem : K;
export type Key = { [A in Area]: `${A}.${Base<keyof Tables[A]> & string}` }[Area];

const loaders = import.meta.glob<Record<string, string>>('./{de,en}/*.json', { import: 'default' });
const loaded = new Set<Area>();
const KEY = 'hauspost.language';

class Words {
  lang = $state<Lang>('de');
  table = $state.raw<Record<string, string>>({});
}
const words = new Words();

export const lang = (): Lang => words.lang;
/** How numbers and dates are written. English as in Europe: the offices are here, and so are their 24 hours. */
export const locale = (): string => (words.lang === 'en' ? 'en-GB' : 'de-DE');
export const isLang = (value: unknown): value is Lang => value === 'de' || value === 'en';

/** What was last chosen in this browser. German when nothing was: most offices this is made for speak it. */
export function rememberedLanguage(): Lang | null {
  const kept = localStorage.getItem(KEY);
  return isLang(kept) ? kept : null;
}

async function read(language: Lang, area: Area): Promise<Record<string, string>> {
  const load = loaders[`./${language}/${area}.json`];
  const table = load ? await load() : {};
  return Object.fromEntries(Object.entries(table).map(([key, text]) => [`${area}.${key}`, text]));
}

export async function loadArea(area: Area): Promise<void> {
  if (loaded.has(area)) return;
  const table = await read(words.lang, area);
  loaded.add(area);
  words.table = { ...words.table, ...table };
}

/** Changes the language of all open areas at once, so the page is never half in one and half in the other. */
export async function useLanguage(language: Lang): Promise<void> {
  const tables = await Promise.all([...loaded].map((area) => read(language, area)));
  words.table = Object.assign({}, ...tables);
  words.lang = language;
  document.documentElement.lang = language;
  speak(language);
}

/** For the next visit's first screen, before anybody has signed in. */
export const rememberLanguage = (language: Lang): void => localStorage.setItem(KEY, language);

/** Whether there is a text for what the server named. */
export const has = (key: string): key is Key => key in words.table;

export function t(key: Key, params: Params = {}): string {
  return fill(words.table, locale(), key, params);
}
