// Proves: a list that is changed here while the server answers shows neither ghosts nor gaps.
import { beforeEach, expect, test, vi } from 'vitest';
import type { Message } from '../api/types';

const getMessages = vi.fn<(folder: string, skip: number, top: number) => Promise<{ count: number; rows: Message[] }>>();
vi.mock('../api/conversations', () => ({ getConversations: (...args: [string, number, number]) => getConversations(...args) }));
vi.mock('../api/mail', () => ({ getMessages: (...args: [string, number, number]) => getMessages(...args) }));
const getConversations = vi.fn<(folder: string, skip: number, top: number) => Promise<{ count: number; rows: Message[] }>>();
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
  list.remove(make(3));
  stock = stock.filter((m) => m.id !== 'm3');
  answer();
  await settle();
  expect([list.count, list.placeOf('m3'), list.at(3)?.id]).toEqual([999, -1, 'm4']);
  release();
  await settle();
  expect([list.count, list.placeOf('m3'), list.at(99)?.id]).toEqual([999, -1, 'm100']);
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

const thread = (n: number, here: number, unread: number) =>
  ({ ...make(n), conversationId: `c${n}`, parentFolderId: 'F1', isRead: unread === 0, thread: { id: `c${n}`, count: here + 1, here, unread, isFlagged: false, hasAttachments: false, people: [] } }) as Message;
const other = (row: Message, id: string, change: Partial<Message> = {}) => ({ ...row, id, ...change });

test('a row by conversation follows what is done to any message of it, and goes with its last one', async () => {
  const rows = [thread(0, 3, 2), thread(1, 1, 1)];
  getConversations.mockResolvedValue({ count: 2, rows });
  const list = new MessageList('inbox', null, [], true);
  list.look(0, 2);
  await settle();
  const [first, second] = rows as [Message, Message];
  list.hold();
  const state = () => [0, 1].map((i) => [list.at(i)?.thread?.id, list.at(i)?.thread?.here, list.at(i)?.thread?.unread, list.at(i)?.thread?.isFlagged]);
  list.patch(other(first, 'older'), { isRead: true });
  list.patch(other(first, 'older'), { flag: { flagStatus: 'flagged' } });
  // What lies in another folder is shown with it, and counts nothing here.
  list.patch(other(first, 'sent', { parentFolderId: 'F2' }), { isRead: true });
  expect(state()).toEqual([['c0', 3, 1, true], ['c1', 1, 1, false]]);
  expect([list.at(0)?.isRead, list.rowOf(other(first, 'older')), list.placeOf('c1')]).toEqual([false, 0, 1]);
  expect(list.remove(other(first, 'sent', { parentFolderId: 'F2' }))).toBe(-1);
  expect(list.remove(other(first, 'older', { isRead: false }))).toBe(-1);
  expect([state()[0], list.count]).toEqual([['c0', 2, 0, true], 2]);
  expect([list.remove(second), list.count, list.at(1)]).toEqual([1, 1, undefined]);
  expect(await list.keysBetween(0, 0)).toEqual(['c0']);
});
