// Proves: bars lie where the times are, and a verdict is never kinder than the calendar.
import { expect, it } from 'vitest';
import type { Busy } from '../api/schedule';
import { barsOf, place, timeAt, verdict, without } from './assistant';

const day = new Date(2027, 5, 9);
const at = (h: number, m = 0) => new Date(2027, 5, 9, h, m);
const busy = (from: number, to: number, status: Busy['status'] = 'busy'): Busy => ({ start: at(from), end: at(to), status });

it('puts times on the line and cuts what sticks out', () => {
  expect(place(at(7), at(20), day)).toEqual({ left: 0, width: 1 });
  expect(place(at(0), at(7), day)).toBeNull();
  expect(place(new Date(2027, 5, 8), new Date(2027, 5, 11), day)).toEqual({ left: 0, width: 1 });
  expect(barsOf([busy(9, 10, 'free'), busy(13, 14)], day)).toEqual([{ left: 6 / 13, width: expect.closeTo(1 / 13) as number, status: 'busy' }]);
});
it('knows who can come', () => {
  const one = { address: 'a', busy: [busy(9, 10), busy(11, 12, 'tentative'), busy(13, 14, 'oof'), busy(15, 16, 'workingElsewhere')] };
  expect([verdict(one, at(8), at(9)), verdict(one, at(9, 30), at(11, 30)), verdict(one, at(11), at(12)), verdict(one, at(13), at(14)), verdict(one, at(15), at(16))]).toEqual(['free', 'busy', 'maybe', 'busy', 'free']);
  expect([verdict(undefined, at(8), at(9)), verdict({ address: 'b', busy: null }, at(8), at(9))]).toEqual(['unknown', 'unknown']);
});
it('does not take an event for its own obstacle', () => {
  const one = { address: 'a', busy: [busy(9, 10), busy(9, 11)] };
  expect(without(one, { start: at(9), end: at(10) }).busy).toEqual([busy(9, 11)]);
  expect(without(one, null)).toBe(one);
  expect(without({ address: 'b', busy: null }, { start: at(9), end: at(10) }).busy).toBeNull();
});
it('reads a time from a place', () => {
  expect([timeAt(0, day), timeAt(0.5, day), timeAt(-1, day), timeAt(1, day)].map((d) => `${d.getHours()}:${d.getMinutes()}`)).toEqual(['7:0', '13:30', '7:0', '19:45']);
});
