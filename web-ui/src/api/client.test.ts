// Proves: whatever comes back, the screens get an error they can show.
import { afterEach, expect, test, vi } from 'vitest';
import { call, speak, whenSignedOut } from './client';
import { ApiError, readError } from './errors';

afterEach(() => vi.unstubAllGlobals());
const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  vi.stubGlobal('fetch', vi.fn(async () => new Response(status === 204 ? null : body, { status, headers })));
const fails = async (path = '/v1.0/me'): Promise<ApiError> => {
  try {
    await call('GET', path);
  } catch (error) {
    if (error instanceof ApiError) return error;
  }
  throw new Error('expected an ApiError');
};

test('the envelope is read with its field', () => {
  const error = readError(409, { error: { code: 'Exists', message: 'Gibt es schon.', field: 'address' } }, null);
  expect([error.code, error.message, error.field]).toEqual(['Exists', 'Gibt es schon.', 'address']);
});

test('a reason keeps its code and values, and nothing else is taken for one', () => {
  const reason = { code: 'AddressTwice', values: { address: 'a@b.de' } };
  expect(readError(400, { error: { code: 'Invalid', reason } }, null).reason).toEqual(reason);
  expect(readError(400, { error: { code: 'Invalid', reason: 'Busy' } }, null).reason).toBeNull();
});

test('an answer that is not ours still becomes a code by its status', async () => {
  answer(503, '<html>Bad gateway</html>');
  const error = await fails();
  expect([error.code, error.message, error.unreachable]).toEqual(['Unavailable', '', true]);
  expect(readError(418, 'tea', null).code).toBe('Internal');
});

test('Retry-After is kept in seconds, nonsense is not', async () => {
  answer(429, '{"error":{"code":"Busy"}}', { 'Retry-After': '30' });
  expect((await fails()).retryAfter).toBe(30);
  expect(readError(429, null, 'Fri, 01 Jan').retryAfter).toBeNull();
});

test('no network is Offline, not an exception of the browser', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => Promise.reject(new TypeError('Failed to fetch'))));
  const error = await fails();
  expect([error.status, error.code]).toEqual([0, 'Offline']);
});

test('a lost session is announced, a wrong password at sign-in is not', async () => {
  const lost = vi.fn();
  whenSignedOut(lost);
  answer(401, '{"error":{"code":"NotAuthenticated"}}');
  await fails('/api/session');
  expect(lost).not.toHaveBeenCalled();
  await fails('/v1.0/me/mailFolders');
  expect(lost).toHaveBeenCalledOnce();
});

test('an empty answer is null and the language is sent along', async () => {
  answer(204, '');
  speak('en');
  expect(await call('DELETE', '/api/session')).toBeNull();
  const init = vi.mocked(fetch).mock.calls[0]?.[1];
  expect(init?.headers).toMatchObject({ 'Accept-Language': 'en' });
});
