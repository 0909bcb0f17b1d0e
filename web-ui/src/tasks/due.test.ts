// Proves: a due day stays that day, and a reminder comes back as it was set, also across a change of the clocks.
import { expect, it } from 'vitest';
import { dayOf, daysUntil, localOf, writeDay, writeLocal } from './due';

it('keeps days and moments', () => {
  expect(dayOf(writeDay('2026-11-23'))).toBe('2026-11-23');
  expect(writeDay('')).toBeNull();
  for (const text of ['2026-07-01T08:30', '2026-12-01T08:30']) expect(localOf(writeLocal(text))).toBe(text);
  expect(writeLocal('2026-07-01T08:30')?.dateTime).toBe('2026-07-01T06:30:00');
  expect(writeLocal('nonsense')).toBeNull();
});
it('counts days', () => {
  const now = new Date('2026-03-28T23:30');
  expect([daysUntil('2026-03-28', now), daysUntil('2026-03-29', now), daysUntil('2026-03-30', now), daysUntil('2026-03-27', now)]).toEqual([0, 1, 2, -1]);
});
