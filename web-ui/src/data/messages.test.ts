// Proves: a list that is changed here while the server answers shows neither ghosts nor gaps.
import { beforeEach, expect, test, vi } from 'vitest';
import type { Message } from '../api/types';

const getMessages = vi.fn<(folder: string, skip: number, top: number) => Promise<{ count: number; rows: Message[] }>>();
vi.mock('../api/mail', () => ({ getMessages: (...args: [string, number, number]) => getMessages(...args) }));
const { MessageList } = await import('./messages.svelte');

const make = (n: number) => ({ id: `m${n}`, subject: `${n}` }) as Message;
let stock: Message[];
const page = (skip: number, top: number) => ({ count: stock.length, rows: stock.slice(skip, skip + top) });
const settle = () => new Promise((done) => setTimeout(done, 60));

beforeEach(() => {
  stock = Array.from({ length: 1000 }, (_, i) => make(i));
  getMessages.mockReset();
  getMessages.mockImplementation(async (_, skip, top) => page(skip, top));
});

test('only what is looked at is fetched, in whole pages, once', async () => {
  const list = new MessageList('inbox');
  list.look(0, 1);
  await settle();
  list.look(0, 30);
  list.look(495, 520);
  await settle();
  expect(getMessages.mock.calls.map((c) => c[1])).toEqual([0, 400, 500]);
  expect([list.count, list.at(5)?.id, list.at(510)?.id, list.at(700)]).toEqual([1000, 'm5', 'm510', undefined]);
});

test('an answer asked for before a deletion does not bring the row back', async () => {
  const list = new MessageList('inbox');
  list.look(0, 30);
  await settle();
  let answer: () => void = () => {};
  getMessages.mockImplementationOnce((_, skip, top) => {
    const old = page(skip, top);
    return new Promise((done) => (answer = () => done(old)));
  });
  list.refresh();
  const release = list.hold();
  list.remove('m3');
  stock = stock.filter((m) => m.id !== 'm3');
  answer();
  await settle();
  expect([list.count, list.indexOf('m3'), list.at(3)?.id]).toEqual([999, -1, 'm4']);
  release();
  await settle();
  expect([list.count, list.indexOf('m3'), list.at(99)?.id]).toEqual([999, -1, 'm100']);
});

test('news while a change is on its way wait until it is confirmed', async () => {
  const list = new MessageList('inbox');
  list.look(0, 30);
  await settle();
  getMessages.mockClear();
  const release = list.hold();
  list.refresh();
  await settle();
  expect(getMessages).not.toHaveBeenCalled();
  stock = [make(-1), ...stock];
  release();
  await settle();
  expect([list.at(0)?.id, list.count]).toEqual(['m-1', 1001]);
});

test('a failed page is told and can be asked for again', async () => {
  const list = new MessageList('inbox');
  getMessages.mockRejectedValueOnce(new Error('away'));
  list.look(0, 30);
  await settle();
  expect([list.count, list.problem instanceof Error]).toEqual([null, true]);
  list.refresh();
  await settle();
  expect([list.count, list.problem]).toEqual([1000, null]);
});
