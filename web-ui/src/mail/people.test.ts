// Proves: the row of a conversation names people so that they fit and are known.
import { expect, test } from 'vitest';
import type { Participant } from '../api/types';
import { peopleShown } from './people';

const one = (name: string | null, address: string, isUnread = false): Participant => ({ name, address, isUnread });
const names = (people: Participant[]) => peopleShown(people, ['me@x.test'], 'Ich').map((p) => (p.isAfterGap ? '… ' : '') + (p.isUnread ? `*${p.name}` : p.name));

test('one alone has the whole name, several their first ones', () => {
  expect(names([one('Anna Berger', 'a@x.test')])).toEqual(['Anna Berger']);
  expect(names([one(null, 'a@x.test')])).toEqual(['a@x.test']);
  expect(names([one('Berger, Anna', 'a@x.test'), one(null, 'info@y.test', true), one('Ben', 'ME@x.test')])).toEqual(['Anna', '*info', 'Ich']);
});

test('of many who began and the last are named, and what is unread between shows', () => {
  const many = [one('A', 'a@x.test'), one('B', 'b@x.test'), one('C', 'c@x.test', true), one('D', 'd@x.test'), one('E', 'e@x.test')];
  expect(names(many)).toEqual(['A', '… *D', 'E']);
  expect(names([])).toEqual([]);
});
