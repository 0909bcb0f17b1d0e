// Proves: an automatic reply comes back as it was set, in the browser's zone, and what cannot work is told before it is sent.
import { expect, it } from 'vitest';
import type { AutomaticReplies } from '../api/settings';
import { readReplies, writeReplies, wrongIn } from './vacation';

const NEVER = { dateTime: '0001-01-01T00:00:00.0000000', timeZone: 'UTC' };
const none: AutomaticReplies = { status: 'disabled', externalAudience: 'all', internalReplyMessage: '', externalReplyMessage: '', scheduledStartDateTime: NEVER, scheduledEndDateTime: NEVER };
const now = new Date('2026-11-23T10:00');

it('begins with tomorrow and two weeks', () => {
  const form = readReplies(none, now);
  expect([form.isOn, form.hasDates, form.from, form.to]).toEqual([false, true, '2026-11-24T00:00', '2026-12-08T00:00']);
});
it('comes back as it was', () => {
  const form = { ...readReplies(none, now), isOn: true, from: '2026-12-21T08:00', inside: 'Bin weg.\nAnna', to: '2027-01-04T18:30', differs: true, outside: 'We are closed.' };
  const written = writeReplies(form);
  expect(written.scheduledStartDateTime).toEqual({ dateTime: '2026-12-21T07:00:00', timeZone: 'UTC' });
  expect(readReplies({ ...none, ...written }, now)).toEqual(form);
  expect(writeReplies({ ...form, hasDates: false }).status).toBe('alwaysEnabled');
  expect(writeReplies({ ...form, differs: false }).externalReplyMessage).toBe(written.internalReplyMessage);
});
it('tells what is wrong', () => {
  const form = { ...readReplies(none, now), isOn: true, inside: 'x' };
  expect(wrongIn(form)).toBeNull();
  expect(wrongIn({ ...form, inside: ' ' })).toBe('text');
  expect(wrongIn({ ...form, to: form.from })).toBe('order');
  expect(wrongIn({ ...form, to: '' })).toBe('dates');
  expect(wrongIn({ ...form, to: '', hasDates: false })).toBeNull();
  expect(wrongIn({ ...form, inside: '', isOn: false })).toBeNull();
});
