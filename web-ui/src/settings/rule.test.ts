// Proves: a rule comes back from the form as it was, with the parts that the form does not know, and says itself as a sentence.
import { expect, it } from 'vitest';
import type { Rule } from '../api/rules';
import { line, newRule, readRule, reorder, sentence, unknownParts, writeRule } from './rule';

const rule: Rule = {
  id: 'R1', displayName: 'Rechnungen', sequence: 1, isEnabled: true, hasError: false,
  conditions: { senderContains: ['@bank.test', 'Stadtwerke'], hasAttachments: true, sensitivity: 'private' },
  exceptions: null, actions: { moveToFolder: 'F5', stopProcessingRules: true, forwardTo: [{ emailAddress: { address: 'steuer@x.test' } }] },
};
it('comes back with what the form does not know', () => {
  const form = readRule(rule);
  expect(form.tests.map((l) => [l.name, l.value])).toEqual([['senderContains', '@bank.test, Stadtwerke'], ['hasAttachments', '']]);
  const { displayName, conditions, exceptions, actions } = writeRule(form, rule, '');
  expect({ displayName, conditions, exceptions, actions }).toEqual({ displayName: 'Rechnungen', conditions: rule.conditions, exceptions: null, actions: rule.actions });
  expect(unknownParts(rule)).toEqual(['sensitivity']);
});
it('takes away what was taken away', () => {
  const form = readRule(rule);
  form.tests = [line('subjectContains', 'Rechnung; Mahnung ,')];
  form.deeds = [line('markAsRead')];
  expect(writeRule(form, rule, '')).toMatchObject({ conditions: { subjectContains: ['Rechnung', 'Mahnung'], sensitivity: 'private' }, actions: { markAsRead: true } });
  expect(writeRule({ ...newRule(), tests: [], deeds: [] }, null, 'Regel')).toEqual({ displayName: 'Regel', conditions: null, exceptions: null, actions: {} });
});
it('is a sentence', () => {
  const glue = { all: 'Immer', when: 'Wenn ', and: ' und ', then: ', dann ', unless: ', außer ' };
  const say = (name: string, value: string) => (value ? `${name} ${value}` : name);
  expect(sentence({ tests: [line('sentToMe'), line('subjectContains', 'A')], except: [], deeds: [line('delete')] }, say, glue)).toBe('Wenn sentToMe und subjectContains A, dann delete.');
  expect(sentence({ tests: [], except: [line('sentCcMe')], deeds: [line('markAsRead')] }, say, glue)).toBe('Immer, dann markAsRead, außer sentCcMe.');
});
it('numbers only those whose place has changed', () => {
  const all = [{ id: 'a', sequence: 1 }, { id: 'b', sequence: 2 }, { id: 'c', sequence: 3 }];
  expect(reorder(all, 2, 1)).toEqual([{ id: 'c', sequence: 2 }, { id: 'b', sequence: 3 }]);
  expect(reorder(all, 0, 0)).toEqual([]);
  expect(reorder([{ id: 'a', sequence: 4 }], 0, 0)).toEqual([{ id: 'a', sequence: 1 }]);
});
