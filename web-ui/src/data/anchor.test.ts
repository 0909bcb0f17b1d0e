// Proves: what is being read stays under the eye, also when a conversation leaves for the top because of a new answer.
import { expect, test } from 'vitest';
import { movedBy, type Seen } from './anchor';

const seen = (from: number, keys: string): Seen[] => [...keys].map((key, i) => ({ index: from + i, key, shows: `${key}1` }));
const places = (from: number, rows: string[]) => (key: string) => {
  const at = rows.findIndex((row) => row.startsWith(key));
  return at < 0 ? null : { index: from + at, shows: rows[at] ?? '' };
};

test('new rows above move all of them', () => {
  expect(movedBy(seen(10, 'abcde'), places(12, ['a1', 'b1', 'c1', 'd1', 'e1']))).toBe(2);
});
test('the row in the middle that went to the top is not followed', () => {
  // c had an answer: it stands first now, and what was above it has gone down by one.
  expect(movedBy(seen(10, 'abcde'), (key) => (key === 'c' ? { index: 0, shows: 'c2' } : places(11, ['a1', 'b1', 'd1', 'e1'])(key)))).toBe(1);
});
test('where nothing is left to go by, nothing moves', () => {
  expect(movedBy(seen(10, 'ab'), () => null)).toBe(0);
  expect(movedBy([], () => null)).toBe(0);
});
