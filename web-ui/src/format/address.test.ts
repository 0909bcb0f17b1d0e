// Proves: addresses survive being typed, pasted, shown and written again.
import { expect, test } from 'vitest';
import { initials, looksLikeAddress, looksLikeDomain, parseList, parsePeople, uniqueRecipients, written } from './address';

test('a list with quoted commas, semicolons and line breaks', () => {
  expect(parseList('"Berger, Anna" <anna@example.test>; ben@example.test,\nCarla <carla@example.test>')).toEqual([
    { name: 'Berger, Anna', address: 'anna@example.test' },
    { address: 'ben@example.test' },
    { name: 'Carla', address: 'carla@example.test' },
  ]);
  expect(parseList(' , ;\n')).toEqual([]);
});

test('what is written can be read again', () => {
  for (const one of [{ name: 'Berger, Anna', address: 'a@b.test' }, { name: 'Say "hi"', address: 'a@b.test' }, { address: 'a@b.test' }]) {
    expect(parseList(written(one))).toEqual([one]);
  }
});

test('slips are caught, unusual but right ones are not', () => {
  for (const good of ['a@b.test', 'o\'neil+x@mail.example', 'info@müller.example']) expect(looksLikeAddress(good)).toBe(true);
  for (const bad of ['', 'anna', 'anna@', '@b.test', 'a b@c.test', 'a@b@c']) expect(looksLikeAddress(bad)).toBe(false);
  for (const good of ['example.test', 'kanzlei-beispiel.de', 'müller.de']) expect(looksLikeDomain(good)).toBe(true);
  for (const bad of ['', 'kanzlei', 'a b.de', 'http://a.de', '-a.de', '192.168.1.1', 'a..de']) expect(looksLikeDomain(bad)).toBe(false);
});

test('staff lists in the usual shapes', () => {
  expect(parsePeople('Anna Berger, anna@example.test\nBEN@example.test\tBen Kurz\n\n"Voß; Lena" <lena@example.test>\nmax.muster@example.test')).toEqual([
    { name: 'Anna Berger', address: 'anna@example.test' },
    { name: 'Ben Kurz', address: 'ben@example.test' },
    { name: 'Voß Lena', address: 'lena@example.test' },
    { name: 'Max Muster', address: 'max.muster@example.test' },
  ]);
});

test('initials and recipients without repeats or oneself', () => {
  expect(initials({ name: 'Anna Maria Berger', address: 'x' })).toBe('AB');
  expect(initials({ name: 'Müller & Söhne', address: 'x' })).toBe('MS');
  expect(initials({ address: 'stadtwerke@example.test' })).toBe('S');
  const list = ['Me@x.test', 'a@x.test', 'A@x.test'].map((address) => ({ emailAddress: { address } }));
  expect(uniqueRecipients(list, ['me@x.test'])).toEqual([{ address: 'a@x.test' }]);
});
