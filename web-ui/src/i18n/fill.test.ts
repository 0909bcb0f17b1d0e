// Proves: plurals, numbers and values come out right in both languages.
import { expect, test } from 'vitest';
import { fill } from './fill';

const de = { 'mail.count#one': '{n} Nachricht', 'mail.count#other': '{n} Nachrichten', 'mail.hi': 'Guten Tag, {name}!' };

test('the number picks the form and is written the way the language does', () => {
  expect(fill(de, 'de', 'mail.count', { n: 1 })).toBe('1 Nachricht');
  expect(fill(de, 'de', 'mail.count', { n: 0 })).toBe('0 Nachrichten');
  expect(fill(de, 'de', 'mail.count', { n: 100000 })).toBe('100.000 Nachrichten');
  expect(fill({ 'a.b#other': '{n} messages' }, 'en', 'a.b', { n: 100000 })).toBe('100,000 messages');
});

test('values are put in as they are, also when they look like patterns', () => {
  expect(fill(de, 'de', 'mail.hi', { name: '$& {n}' })).toBe('Guten Tag, $& {n}!');
});

test('a missing value or text stays visible instead of vanishing', () => {
  expect(fill(de, 'de', 'mail.hi', {})).toBe('Guten Tag, {name}!');
  expect(fill(de, 'de', 'mail.nope', {})).toBe('mail.nope');
});
