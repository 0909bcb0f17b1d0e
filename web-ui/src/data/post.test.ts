// Proves: an original that was too large for this device's storage is not lost by going on after a reload.
import { beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from '../api/errors';
import type { OutgoingMessage } from '../api/types';

const ORIGINAL = '<div class="hauspost-quote">a long original</div>';
const readDraft = vi.fn<(id: string) => Promise<unknown>>();
const changeDraft = vi.fn<(id: string, message: OutgoingMessage) => Promise<unknown>>();
const createDraft = vi.fn<(...all: unknown[]) => Promise<unknown>>();
vi.mock('../api/draft', () => ({ readDraft, changeDraft, createDraft, attach: null, detach: null, fetchBack: null, forgetDraft: null, sendDraft: null, takeBack: null, throwDraft: null }));
vi.mock('../api/mail', () => ({ getAttachments: async () => [] }));
vi.mock('../app/session.svelte', () => ({ account: { session: { address: 'ben@example.test', name: 'Ben' } } }));
const { desk, emptyDraft } = await import('./draft.svelte');
const { post } = await import('./post.svelte');

let kept: Map<string, string>;
beforeEach(() => {
  kept = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    removeItem: (key: string) => kept.delete(key),
    setItem: (key: string, value: string) => {
      if (value.includes('a long original')) throw new Error('full');
      kept.set(key, value);
    },
  });
  for (const one of [readDraft, changeDraft, createDraft]) one.mockReset();
  changeDraft.mockResolvedValue({ id: 'm1', ahead: 0 });
  createDraft.mockResolvedValue({ id: 'm2', ahead: 0 });
  readDraft.mockResolvedValue({ body: { content: `<p>old</p>${ORIGINAL}` } });
});

/** Written, kept without the original, and brought back after a reload. */
function reloaded() {
  desk.restore('o');
  desk.draft = { ...emptyDraft(), id: 'm1', mode: 'reply', original: 'm0', format: 'html', body: '<p>new</p>', below: ORIGINAL, begun: true };
  desk.keep();
  desk.draft = null;
  expect(desk.restore('o')).toBe(true);
  const draft = desk.draft as unknown as ReturnType<typeof emptyDraft>;
  expect([draft.below, draft.cut]).toEqual(['', true]);
  return draft;
}

test('the original comes back from the server before anything is saved', async () => {
  const draft = reloaded();
  await post.open(draft);
  await post.save(draft);
  expect(readDraft).toHaveBeenCalledTimes(1);
  expect(changeDraft.mock.calls.map(([id, message]) => [id, message.body.content])).toEqual([['m1', `<p>new</p>${ORIGINAL}`]]);
  expect(draft.cut).toBe(false);
});

test('as long as it cannot be had nothing is saved over it', async () => {
  const draft = reloaded();
  readDraft.mockRejectedValue(new ApiError(0, 'Offline', ''));
  await post.open(draft);
  await expect(post.save(draft)).rejects.toThrow();
  expect([changeDraft.mock.calls.length, draft.cut, post.state]).toEqual([0, true, 'failed']);
  readDraft.mockResolvedValue({ body: { content: ORIGINAL } });
  await post.save(draft);
  expect(changeDraft.mock.calls[0]?.[1].body.content).toBe(`<p>new</p>${ORIGINAL}`);
});

test('what the server does not have any more becomes a draft of its own', async () => {
  const draft = reloaded();
  readDraft.mockRejectedValue(new ApiError(404, 'ErrorItemNotFound', 'gone'));
  await post.save(draft);
  expect([changeDraft.mock.calls.length, createDraft.mock.calls.length, draft.id]).toEqual([0, 1, 'm2']);
});
