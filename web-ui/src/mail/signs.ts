// Answers for: what about a message looks as if somebody wanted to be taken for somebody else. Each sign alone is harmless.
import { countFrom } from '../api/mail';
import type { FullMessage } from '../api/types';
import { colleagues, type Colleague } from '../data/people.svelte';

export type Sign = 'colleague' | 'otherAddress' | 'replyTo' | 'first';

const domain = (address: string): string => address.toLowerCase().split('@').at(-1) ?? '';
/** The two last parts: who writes from mail.example.com answers to example.com. */
const site = (address: string): string => domain(address).split('.').slice(-2).join('.');
const letters = (name: string): string => name.toLowerCase().normalize('NFKD').replace(/[^\p{L}]/gu, '');

/** What the message itself shows. `people`: the office. Pure. */
export function signsIn(message: FullMessage, people: Colleague[], me: string): Sign[] {
  const from = message.from?.emailAddress;
  if (!from || site(from.address) === site(me)) return [];
  const signs: Sign[] = [];
  const name = from.name ?? '';
  if (letters(name) !== '' && people.some((p) => letters(p.name) === letters(name))) signs.push('colleague');
  const named = /[\w.+-]+@[\w-]+(\.[\w-]+)+/.exec(name)?.[0];
  if (named && named.toLowerCase() !== from.address.toLowerCase()) signs.push('otherAddress');
  if ((message.replyTo ?? []).some((r) => site(r.emailAddress.address) !== site(from.address))) signs.push('replyTo');
  return signs;
}
/** With what only the mailbox knows; it is asked only where it would decide. */
export async function signsOf(message: FullMessage, me: string): Promise<Sign[]> {
  await colleagues.load();
  const signs = signsIn(message, colleagues.list, me);
  const from = message.from?.emailAddress.address;
  if (signs.length !== 1 || !from) return signs;
  const known = await countFrom(message.id, from).catch(() => 2);
  return known <= 1 ? [...signs, 'first'] : signs;
}
