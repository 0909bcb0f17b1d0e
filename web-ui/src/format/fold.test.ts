// Proves: a mark stands where the word stands, also behind letters that get longer in lower case.
import { expect, test } from 'vitest';
import { fold, places } from './fold';

test('a folded text is as long as it was', () => {
  for (const text of ['', 'Rechnung', 'İSTANBUL', 'İİİ rechnung', '𝐀İ 😀 Ä']) expect(fold(text).length).toBe(text.length);
});

test('words are found at their places in the text as it stands', () => {
  const text = 'İİİ: Rechnung aus İzmir, RECHNUNG';
  expect(places(text, ['rechnung'], 10).map(([from, to]) => text.slice(from, to))).toEqual(['Rechnung', 'RECHNUNG']);
  // At the very end, where a text that got longer would be marked past its end.
  expect(places('İİ x', ['x'], 10)).toEqual([[3, 4]]);
});

test('nothing is found without words, and never more than asked for', () => {
  expect(places('aaa', [''], 10)).toEqual([]);
  expect(places('aaaa', ['a'], 2)).toHaveLength(2);
});
