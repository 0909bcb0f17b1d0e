// Proves: every rhythm of the form comes back from the server, and another one is not taken for one of them.
import { expect, it } from 'vitest';
import type { Recurrence } from '../api/calendar';
import { KINDS, readKind, writeKind } from './repeat';

it('comes back', () => {
  for (const kind of KINDS) expect(readKind(writeKind(kind, '2026-11-23'))).toBe(kind);
  expect(writeKind('weekly', '2026-11-23')?.pattern.daysOfWeek).toEqual(['monday']);
  expect(writeKind('monthly', '2027-01-31')?.pattern.dayOfMonth).toBe(31);
});
it('leaves others alone', () => {
  const range = { type: 'noEnd' as const, startDate: '2026-11-23' };
  const all: Recurrence['pattern'][] = [{ type: 'daily', interval: 3 }, { type: 'relativeMonthly', interval: 1, daysOfWeek: ['monday'] }, { type: 'weekly', interval: 1, daysOfWeek: ['monday', 'friday'] }];
  expect(all.map((pattern) => readKind({ pattern, range }))).toEqual(['other', 'other', 'other']);
});
