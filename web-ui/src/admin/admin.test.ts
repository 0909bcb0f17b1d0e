// Proves: the arithmetic of the administration: open points, reasons, opening times, names and sizes.
import { expect, it } from 'vitest';
import type { Overview } from '../api/admin';
import { fullAddress, localPart, printGigabytes, readCount, readGigabytes, splitList } from './names';
import { isWrong, openTime, printOpen, readOpen } from './open';
import { openPoints } from './points';
import { reasonOf } from './reason';

const good: Overview = {
  version: '1', officeName: 'x', hostName: 'h', now: '2026-11-23T10:00:00Z', trouble: null, freeBytes: 1e11, usedBytes: 1, accounts: { person: 1, group: 0, shared: 0, room: 0, equipment: 0 },
  fullMailboxes: [], domains: ['x.test'], outbound: 'direct', queue: { count: 0, stuck: 0, oldestAt: null }, collect: { count: 0, failing: [] },
  backups: { count: 1, lastDoneAt: '2026-11-23T02:30:00Z', failing: [] },
  certificate: { source: 'public', notAfter: '2027-01-23T10:00:00Z', endsSoon: false, error: null, waitsForRecords: false },
};
it('has nothing to say of a box that is well', () => {
  expect(openPoints(good)).toEqual([]);
  expect(openPoints({ ...good, backups: { count: 1, lastDoneAt: '2026-11-21T12:30:00Z', failing: [] } })).toEqual([]);
});
it('names what is open, the urgent first', () => {
  const bad: Overview = { ...good, outbound: 'later', freeBytes: 1e9, queue: { count: 3, stuck: 2, oldestAt: null }, backups: { count: 1, lastDoneAt: '2026-11-19T02:30:00Z', failing: [] }, collect: { count: 1, failing: [{ id: 1, user: 'u', error: 'e' }] }, fullMailboxes: ['a', 'b'] };
  expect(openPoints(bad).map((p) => p.name)).toEqual(['collectFailed', 'backupOld', 'queueStuck', 'outboundLater', 'mailboxFull', 'diskLow']);
  expect(openPoints(bad).find((p) => p.name === 'backupOld')?.values).toEqual({ n: 4 });
  expect(openPoints({ ...good, backups: { count: 0, lastDoneAt: null, failing: [] } }).map((p) => [p.name, p.kind])).toEqual([['noBackup', 'bad']]);
});
it('names what is wrong with the certificate', () => {
  const of = (change: Partial<Overview['certificate']>) => openPoints({ ...good, certificate: { ...good.certificate, ...change } }).map((p) => p.name);
  expect([of({ error: 'no' }), of({ waitsForRecords: true }), of({ endsSoon: true })]).toEqual([['certFailed'], ['certRecords'], ['certEnds']]);
});
it('says in plain words what another server said', () => {
  const all: [string | null, string][] = [
    [null, 'notTried'], ['550 5.1.1 <x@y>: Recipient address rejected: User unknown', 'unknownHere'], ['452 4.2.2 The mailbox is full', 'full'], ['535 5.7.8 Error: authentication failed', 'login'],
    ['451 4.7.1 Greylisting in action, please come back later', 'later'], ['connection refused by 127.0.0.1:1', 'connect'], ['there is no host or domain y.test', 'name'], ['554 5.7.1 Message rejected as spam', 'refused'],
    ['552 5.3.4 message too large', 'tooLarge'], ['hm', 'other'],
  ];
  for (const [text, reason] of all) expect([text, reasonOf(text)]).toEqual([text, reason]);
});
it('reads opening times back', () => {
  const text = 'mon-fri 08:00-18:30, sat 09:00-24:00';
  expect(printOpen(readOpen(text))).toBe(text);
  expect([printOpen([]), readOpen('always')]).toEqual(['always', []]);
  expect([isWrong(openTime('fri', 'mon')), isWrong(openTime('mon', 'fri', '09:00', '09:00')), isWrong(openTime())]).toEqual([true, true, false]);
});
it('makes addresses of names, and bytes of sizes', () => {
  expect([localPart('Änne Müller-Lüdenscheidt'), localPart(' José  Ruß '), localPart('Info!')]).toEqual(['aenne.mueller-luedenscheidt', 'jose.russ', 'info']);
  expect([fullAddress(' Anna', 'x.test'), fullAddress('a@y.test', 'x.test'), fullAddress('', 'x.test')]).toEqual(['anna@x.test', 'a@y.test', '']);
  expect([readGigabytes('2,5'), readGigabytes(''), readGigabytes('viel'), printGigabytes(2.5e9), printGigabytes(null)]).toEqual([2.5e9, undefined, null, '2.5', '']);
  expect([readCount('12'), readCount(''), Number.isNaN(readCount('0')), splitList('a, b;c\n')]).toEqual([12, null, true, ['a', 'b', 'c']]);
});
