// Proves: what is shown of the trial follows the queue and the inbox, and a report is no answer.
import { expect, test } from 'vitest';
import type { Waiting } from '../api/admin';
import type { Message } from '../api/types';
import { seen, trialCode } from './trial';

const trial = { to: 'ben@elsewhere.example', code: 'ABCD2345' };
const message = (from: string, subject: string) => ({ id: 'x', subject, from: { emailAddress: { address: from } } }) as Message;
const waiting = (lastReply: string | null): Waiting => ({ id: 1, sender: 'anna@example.test', since: '', sizeBytes: 1, recipients: [{ address: 'Ben@elsewhere.example', attempts: 1, nextAttemptAt: '', lastReply }] });
const look = (queue: Waiting[], inbox: Message[]) => seen(trial, 'anna@example.test', queue, inbox);

test('it waits, with what the server said', () => {
  expect(look([waiting('450 later')], [])).toEqual({ waits: true, why: '450 later', back: false, bounced: null });
});
test('it has gone, and an answer comes back', () => {
  expect(look([], [])).toMatchObject({ waits: false, back: false });
  expect(look([], [message('BEN@elsewhere.example', 'AW: Hauspost ABCD2345')])).toMatchObject({ back: true, bounced: null });
  expect(look([], [message('ben@elsewhere.example', 'AW: Hauspost ZZZZ2345')]).back).toBe(false);
});
test('a report that names it is no answer, one from oneself neither', () => {
  expect(look([], [message('postmaster@mail.example.test', 'Nicht zugestellt: Hauspost ABCD2345')])).toMatchObject({ back: false, bounced: 'Nicht zugestellt: Hauspost ABCD2345' });
  expect(look([], [message('anna@example.test', 'Hauspost ABCD2345')])).toMatchObject({ back: false, bounced: null });
  expect(seen({ ...trial, to: 'anna@example.test' }, 'anna@example.test', [], [message('anna@example.test', 'Hauspost ABCD2345')]).back).toBe(true);
});
test('each trial has a code of its own', () => {
  expect(trialCode()).toMatch(/^[A-Z2-9]{8}$/);
  expect(trialCode()).not.toBe(trialCode());
});
