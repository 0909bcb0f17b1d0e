// Proves: a changed invitation says what changed, and only what really overlaps is a conflict.
import { expect, it } from 'vitest';
import type { GraphEvent } from '../api/calendar';
import type { Said } from '../api/invitation';
import { daysAround, differences, othersThen, spanOf } from './invite';

const said: Said = { subject: 'Jour fixe', location: 'Saal', start: '2026-12-01T09:00:00', end: '2026-12-01T10:00:00', isAllDay: false, isSeries: false };
const event = (id: string, from: string, to: string, more: Partial<GraphEvent> = {}) =>
  ({ id, seriesMasterId: null, subject: id, start: { dateTime: from, timeZone: 'UTC' }, end: { dateTime: to, timeZone: 'UTC' }, isAllDay: false, showAs: 'busy', isCancelled: false, ...more }) as GraphEvent;

it('says what changed', () => {
  expect(differences(null, said)).toEqual([]);
  expect(differences(said, { ...said })).toEqual([]);
  expect(differences(said, { ...said, location: 'Büro', end: '2026-12-01T11:00:00' })).toEqual(['time', 'location']);
});
it('counts whole days in the browser\'s zone', () => {
  const { from, to } = daysAround(spanOf({ ...said, start: '2026-12-01T22:30:00', end: '2026-12-01T23:00:00' }));
  expect([from.getDate(), to.getDate()]).toEqual([1, 2]);
  const days = daysAround(spanOf({ ...said, isAllDay: true, start: '2026-12-01T00:00:00', end: '2026-12-03T00:00:00' }));
  expect([days.from.getDate(), days.to.getDate()]).toEqual([1, 3]);
});
it('knows a conflict from a neighbour', () => {
  const all = [
    event('after', '2026-12-01T10:00:00', '2026-12-01T11:00:00'), event('over', '2026-12-01T09:30:00', '2026-12-01T09:45:00'),
    event('E5', '2026-12-01T09:00:00', '2026-12-01T10:00:00'), event('E6-x', '2026-12-01T09:00:00', '2026-12-01T10:00:00', { seriesMasterId: 'E6' }),
    event('free', '2026-12-01T09:00:00', '2026-12-01T10:00:00', { showAs: 'free' }), event('off', '2026-12-01T09:00:00', '2026-12-01T10:00:00', { isCancelled: true }),
  ];
  expect(othersThen(all, spanOf(said), 'E5').map((o) => [o.id, o.collides])).toEqual([['E6-x', true], ['over', true], ['after', false]]);
  expect(othersThen(all, spanOf(said), 'E6').map((o) => o.id)).not.toContain('E6-x');
});
