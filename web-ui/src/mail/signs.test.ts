// Proves: everyday mail gives no alarm, and what is put on somebody else's name is seen.
import { expect, it, vi } from 'vitest';
import type { FullMessage } from '../api/types';

vi.mock('../api/mail', () => ({ countFrom: () => Promise.resolve(2) }));
vi.mock('../data/people.svelte', () => ({ colleagues: { list: [], load: () => Promise.resolve() } }));
const { signsIn } = await import('./signs');

const people = [{ name: 'Ben Bauer', address: 'ben@example.test', isRoom: false, capacity: null }];
const message = (name: string, address: string, replyTo: string[] = []) =>
  ({ from: { emailAddress: { name, address } }, replyTo: replyTo.map((a) => ({ emailAddress: { address: a } })) }) as unknown as FullMessage;
const signs = (...of: Parameters<typeof message>) => signsIn(message(...of), people, 'anna@example.test');

it('is silent about everyday mail', () => {
  expect(signs('Ben Bauer', 'ben@example.test', ['privat@other.test'])).toEqual([]);
  expect(signs('Lena', 'lena@mail.other.test', ['lena@other.test'])).toEqual([]);
  expect(signs('lena@other.test', 'lena@other.test')).toEqual([]);
});
it('sees a colleague’s name, another address, a foreign reply', () => {
  expect(signs('BEN  Bauer', 'x@evil.test')).toEqual(['colleague']);
  expect(signs('Ben Bauer <ben@example.test>', 'x@evil.test', ['y@other.test'])).toEqual(['otherAddress', 'replyTo']);
});
