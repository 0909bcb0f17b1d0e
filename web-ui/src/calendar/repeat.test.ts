// Proves: what the form says about coming again is what the server is told, and moving a series moves its days.
import { expect, it } from 'vitest';
import type { Recurrence } from '../api/calendar';
import { readDay } from './days';
import { NO_REPEAT, movedPattern, nth, readRepeat, writeRepeat, type Kind } from './repeat';

const day = (text: string) => readDay(text) as Date;

it('comes back as it was written', () => {
  for (const kind of ['daily', 'workdays', 'weekly', 'monthly', 'monthlyNth', 'yearly'] as Kind[]) {
    for (const end of [{ ends: 'never' }, { ends: 'on', until: '2027-03-01' }, { ends: 'after', count: 5 }] as const) {
      const wanted = { ...NO_REPEAT, kind, interval: kind === 'workdays' ? 1 : 2, ...end };
      const written = writeRepeat(wanted, day('2026-11-24'));
      expect(readRepeat(written)).toMatchObject({ kind, interval: wanted.interval, ...end });
      expect(written?.range.startDate).toBe('2026-11-24');
    }
  }
  expect(writeRepeat(NO_REPEAT, day('2026-11-24'))).toBeNull();
  expect(readRepeat(null).kind).toBe('none');
});
it('names the weekday within the month', () => {
  expect(['2026-11-03', '2026-11-24', '2026-11-30', '2026-12-31'].map((d) => nth(day(d)))).toEqual(['first', 'fourth', 'last', 'last']);
});
it('does not claim to understand what the form cannot say', () => {
  const odd: Recurrence = { pattern: { type: 'relativeMonthly', interval: 1, daysOfWeek: ['monday', 'tuesday'], index: 'last' }, range: { type: 'noEnd', startDate: '2026-11-24' } };
  expect(readRepeat(odd).kind).toBe('other');
});
it('moves along with the first day', () => {
  const weekly = writeRepeat({ ...NO_REPEAT, kind: 'weekly', days: ['monday', 'sunday'] }, day('2026-11-23')) as Recurrence;
  expect(movedPattern(weekly, day('2026-11-23'), day('2026-11-24')).pattern.daysOfWeek).toEqual(['tuesday', 'monday']);
  expect(movedPattern(weekly, day('2026-11-23'), day('2026-11-22')).pattern.daysOfWeek).toEqual(['sunday', 'saturday']);
  const monthly = writeRepeat({ ...NO_REPEAT, kind: 'monthlyNth' }, day('2026-11-24')) as Recurrence;
  expect(movedPattern(monthly, day('2026-11-24'), day('2026-12-02'))).toMatchObject({ pattern: { daysOfWeek: ['wednesday'], index: 'first' }, range: { startDate: '2026-12-02' } });
});
