// Proves: "all" of a search everywhere is all that the server finds in each mailbox, not what was loaded; an undo that was stopped is
// not called one, and goes on.
import { beforeEach, expect, test, vi } from 'vitest';
import type { BulkJob, Chosen } from '../api/bulk';

const begun = vi.fn<(chosen: Chosen, action: string, destination?: string) => Promise<BulkJob>>();
const taken = vi.fn<(mailbox: string | null, id: string) => Promise<BulkJob>>();
const looked = vi.fn<(id: string) => Promise<BulkJob>>();
const toast = vi.fn();
const list = { count: 2, total: 250, boxes: [null, 'info@example.test', 'look@example.test'] };
vi.mock('../api/bulk', () => ({ beginBulk: begun, lookAtBulk: looked, stopBulk: null, undoBulk: taken }));
vi.mock('../app/toasts.svelte', () => ({ toasts: { show: toast } }));
vi.mock('../i18n/errors', () => ({ errorText: String }));
vi.mock('../i18n/index.svelte', () => ({ t: (key: string) => key }));
vi.mock('./messages.svelte', () => ({ keyOf: (row?: { id: string; thread?: { id: string } }) => row?.thread?.id ?? row?.id }));
vi.mock('./mailbox.svelte', () => ({
  mailbox: { list, folder: 'inbox', search: { kql: 'rechnung', where: 'everywhere' }, refresh: () => {}, level: (id: string) => (id.startsWith('look@') ? 'read' : 'edit') },
}));
const { bulk, picks } = await import('./bulk.svelte');

beforeEach(() => {
  begun.mockReset();
  toast.mockReset();
  begun.mockResolvedValue({ id: 'j', state: 'done', done: 1, all: 1, changed: 1, canUndo: false, failure: null });
  picks.all = true;
});

test('each mailbox that may be changed is searched by the server', async () => {
  expect(picks.count).toBe(250);
  await bulk.run('read', 'said', (n) => `${n}`);
  expect(begun.mock.calls.map(([chosen]) => chosen)).toEqual([
    { mailbox: null, search: 'rechnung' },
    { mailbox: 'info@example.test', search: 'rechnung' },
  ]);
  expect(toast.mock.calls.map(([said]) => said)).toEqual(['mail.bulk.readOnly', '2']);
});

test('a folder of one mailbox takes nothing of another', async () => {
  await bulk.run('move', 'said', (n) => `${n}`, (box) => (box === null ? 'F5' : undefined));
  expect(begun.mock.calls.map(([chosen, , to]) => [chosen.mailbox, to])).toEqual([[null, 'F5']]);
  expect(toast.mock.calls.map(([said]) => said)).toEqual(['mail.bulk.readOnly', 'mail.bulk.elsewhere', '1']);
});

test('an undo that was stopped says so, and takes the rest back when it is asked to', async () => {
  const done: BulkJob = { id: 'j', state: 'done', done: 1, all: 1, changed: 1, canUndo: true, failure: null };
  begun.mockResolvedValue(done);
  taken.mockResolvedValueOnce(done).mockResolvedValueOnce({ ...done, state: 'stopped' }).mockResolvedValue(done);
  const undo = () => (toast.mock.lastCall?.[1] as { action: { run: () => void } }).action.run();
  await bulk.run('read', 'said', (n) => `${n}`);
  undo();
  await vi.waitFor(() => expect(toast.mock.lastCall?.[0]).toBe('mail.bulk.undoStopped'));
  undo();
  await vi.waitFor(() => expect(toast.mock.lastCall?.[0]).toBe('mail.done.undone'));
  expect(taken.mock.calls.map(([box]) => box)).toEqual([null, 'info@example.test', 'info@example.test']);
});
