// Proves: overlapping events get columns, long ones lanes, and days on which the clocks change are days like others.
import { describe, expect, it } from 'vitest';
import { addDays, addMonths, atClock, clock, daysBetween, monthWeeks, printDay, readDay, readMoment, span, weekNumber, weekOf } from './days';
import { bars, blocks, touches, type Timed } from './layout';

const at = (text: string) => new Date(text);
const event = (id: string, start: string, end: string, allDay = false): Timed => ({ id, start: at(start), end: at(end), allDay });
const day = (text: string) => readDay(text) as Date;
const placed = (list: Timed[], on: string) => Object.fromEntries(blocks(list, day(on)).map((b) => [b.event.id, [b.column, b.columns]]));

describe('columns', () => {
  it('are given where events overlap and only there', () => {
    expect(placed([
      event('a', '2026-11-23T09:00', '2026-11-23T10:00'), event('b', '2026-11-23T09:30', '2026-11-23T11:00'),
      event('c', '2026-11-23T10:00', '2026-11-23T10:30'), event('d', '2026-11-23T11:00', '2026-11-23T12:00'),
    ], '2026-11-23')).toEqual({ a: [0, 2], b: [1, 2], c: [0, 2], d: [0, 1] });
  });
  it('are three where three run at once', () => {
    const three = ['a', 'b', 'c'].map((id) => event(id, '2026-11-23T09:00', '2026-11-23T10:00'));
    expect(placed(three, '2026-11-23')).toEqual({ a: [0, 3], b: [1, 3], c: [2, 3] });
  });
  it('know a long one beside many short ones', () => {
    expect(placed([
      event('long', '2026-11-23T08:00', '2026-11-23T18:00'), event('x', '2026-11-23T09:00', '2026-11-23T10:00'), event('y', '2026-11-23T12:00', '2026-11-23T13:00'),
    ], '2026-11-23')).toEqual({ long: [0, 2], x: [1, 2], y: [1, 2] });
  });
  it('cut at midnight, and nothing is too short to be seen', () => {
    const night = event('n', '2026-11-23T22:00', '2026-11-24T02:00');
    expect(blocks([night], day('2026-11-23'))[0]).toMatchObject({ from: 1320, to: 1440 });
    expect(blocks([night], day('2026-11-24'))[0]).toMatchObject({ from: 0, to: 120 });
    expect(touches(event('m', '2026-11-23T22:00', '2026-11-24T00:00'), day('2026-11-24'))).toBe(false);
    expect(blocks([event('p', '2026-11-23T23:58', '2026-11-23T23:59')], day('2026-11-23'))[0]).toMatchObject({ from: 1420, to: 1440 });
  });
});

describe('bars', () => {
  const week = span(day('2026-11-23'), 7);
  it('share lanes when they do not meet', () => {
    const list = bars([
      event('trip', '2026-11-20T00:00', '2026-11-25T00:00', true), event('fair', '2026-11-25T00:00', '2026-12-02T00:00', true),
      event('day', '2026-11-24T00:00', '2026-11-25T00:00', true), event('timed', '2026-11-24T09:00', '2026-11-24T10:00'),
    ], week);
    expect(list.map((b) => [b.event.id, b.first, b.last, b.lane, b.before, b.after])).toEqual([
      ['trip', 0, 1, 0, true, false], ['day', 1, 1, 1, false, false], ['fair', 2, 6, 0, false, true],
    ]);
    expect(bars([event('timed', '2026-11-24T09:00', '2026-11-24T10:00')], week, true)).toHaveLength(1);
  });
});

describe('days', () => {
  it('are as long as they are when the clocks change', () => {
    for (const [text, hours] of [['2026-03-29', 23], ['2026-10-25', 25]] as const) {
      const start = day(text);
      expect((addDays(start, 1).getTime() - start.getTime()) / 3_600_000).toBe(hours);
      expect(daysBetween(addDays(start, -1), addDays(start, 1))).toBe(2);
      expect(clock(atClock(start, 600))).toBe(600);
    }
    const block = blocks([event('e', '2026-03-29T01:00', '2026-03-29T04:00')], day('2026-03-29'))[0];
    expect([block?.from, block?.to]).toEqual([60, 240]);
    expect(bars([event('all', '2026-10-25T00:00', '2026-10-26T00:00', true)], span(day('2026-10-19'), 7))[0]).toMatchObject({ first: 6, last: 6 });
    expect(printDay(addDays(at('2026-10-24T12:00'), 1))).toBe('2026-10-25');
  });
  it('fill months by whole weeks', () => {
    expect(monthWeeks(day('2026-11-23')).map((w) => printDay(w[0] as Date))).toEqual(['2026-10-26', '2026-11-02', '2026-11-09', '2026-11-16', '2026-11-23', '2026-11-30']);
    expect(monthWeeks(day('2027-02-10'))).toHaveLength(4);
    expect(printDay(addMonths(day('2026-01-31'), 1))).toBe('2026-02-28');
  });
  it('know their week', () => {
    expect(printDay(weekOf(day('2026-11-29')))).toBe('2026-11-23');
    expect(['2026-01-01', '2027-01-01', '2026-11-23', '2026-12-31'].map((d) => weekNumber(day(d)))).toEqual([1, 53, 48, 53]);
  });
  it('are read as they are written, and refused when there is no such day', () => {
    expect(readDay('2026-02-30')).toBeNull();
    expect(readDay('x')).toBeNull();
    expect(readMoment('2026-11-23', '09:05')?.getHours()).toBe(9);
    expect(readMoment('2026-11-23', '')).toBeNull();
  });
});
