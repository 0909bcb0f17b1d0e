// Proves: any position of any list renders the right rows, and never more than eighty.
import { expect, test } from 'vitest';
import { MAX_HEIGHT, MAX_ROWS, realTop, scrollFor, windowOf } from './window';

const ROW = 68;

test('top, middle and end of a long list cover the viewport', () => {
  for (const top of [0, 3_400_000, 100_000 * ROW - 900]) {
    const w = windowOf(top, 900, ROW, 100_000);
    expect(w.first * ROW).toBeLessThanOrEqual(top);
    expect(w.last * ROW).toBeGreaterThanOrEqual(Math.min(top + 900, 100_000 * ROW));
    expect(w.last - w.first).toBeLessThanOrEqual(MAX_ROWS);
    expect(w.offset).toBe(w.first * ROW);
  }
});

test('a viewport measured far too high does not render everything', () => {
  const w = windowOf(0, 5_000_000, ROW, 100_000);
  expect(w.last - w.first).toBeLessThanOrEqual(MAX_ROWS);
});

test('short and empty lists', () => {
  expect(windowOf(0, 900, ROW, 0)).toEqual({ first: 0, last: 0, height: 0, offset: 0 });
  expect(windowOf(500, 900, ROW, 3)).toMatchObject({ first: 0, last: 3, height: 3 * ROW, offset: 0 });
});

test('beyond the height browsers can show, the last row is still reachable', () => {
  const count = 1_000_000;
  const w = windowOf(MAX_HEIGHT - 900, 900, ROW, count);
  expect(w.height).toBe(MAX_HEIGHT);
  expect(w.last).toBe(count);
  const lastRowEnd = w.offset + (w.last - w.first) * ROW;
  expect(Math.abs(lastRowEnd - MAX_HEIGHT)).toBeLessThan(1);
});

test('scrolling a row into view moves only when needed, and far enough', () => {
  expect(scrollFor(5, 0, 900, ROW, 100)).toBeNull();
  expect(scrollFor(99, 0, 900, ROW, 100)).toBe(100 * ROW - 900);
  expect(scrollFor(2, 900, 900, ROW, 100)).toBe(2 * ROW);
  const count = 1_000_000;
  const to = scrollFor(500_000, 0, 900, ROW, count) ?? 0;
  expect(Math.abs(realTop(to, 900, ROW, count) - (500_001 * ROW - 900))).toBeLessThan(1);
});
