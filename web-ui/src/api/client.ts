// Answers for: every request the page makes, so that time limits, language and errors are the same everywhere.
import { at } from './base';
import { ApiError, readError } from './errors';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
export interface Options {
  body?: unknown;
  /** Milliseconds until we stop waiting; login tests may take 20 s on the server's side. */
  timeout?: number;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

let language = 'de';
let onSignedOut: () => void = () => {};

export function speak(lang: string): void {
  language = lang;
}
/** Called when the server no longer knows us, so the sign-in screen can come up over what is being written. */
export function whenSignedOut(call: () => void): void {
  onSignedOut = call;
}

export async function request(method: Method, path: string, options: Options = {}): Promise<Response> {
  const timeout = AbortSignal.timeout(options.timeout ?? 30_000);
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language, ...options.headers };
  const isFile = options.body instanceof Blob;
  if (options.body !== undefined) headers['Content-Type'] = isFile ? (options.body as Blob).type : 'application/json';
  let response: Response;
  try {
    response = await fetch(at(path), {
      method,
      headers,
      body: options.body === undefined ? undefined : isFile ? (options.body as Blob) : JSON.stringify(options.body),
      credentials: 'same-origin',
      signal: options.signal ? AbortSignal.any([timeout, options.signal]) : timeout,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, timeout.aborted ? 'Timeout' : 'Offline', '');
  }
  if (response.ok) return response;
  const error = readError(response.status, await json(response), response.headers.get('Retry-After'));
  if (error.status === 401 && !path.startsWith('/api/session')) onSignedOut();
  throw error;
}

export async function call<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  return (await json(await request(method, path, options))) as T;
}

/** A list of the server, to its end: pages follow each other by the address that each one names. */
export async function callAll<T>(path: string, options: Options = {}): Promise<T[]> {
  const all: T[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const page: { value: T[]; '@odata.nextLink'?: string } = await call('GET', next, options);
    all.push(...page.value);
    const link: string | undefined = page['@odata.nextLink'];
    next = link === undefined ? undefined : link.slice(link.indexOf('/v1.0/'));
  }
  return all;
}

async function json(response: Response): Promise<unknown> {
  const text = await response.text().catch(() => '');
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
