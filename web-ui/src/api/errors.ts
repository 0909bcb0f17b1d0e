// Answers for: turning whatever went wrong between page and server into one kind of error the screens can show.

export interface Reason {
  code: string;
  values: Record<string, string>;
}

/** What the server says about a failure, or what we say when it could not be asked at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** The server's code; `Offline` and `Timeout` are ours: no answer came. */
    readonly code: string,
    /** Written by the server for people, in English; empty for our own codes. */
    message: string,
    /** Name of the input at fault, as it stands in the JSON body. */
    readonly field: string | null = null,
    readonly retryAfter: number | null = null,
    /** The same as a code with values, where the page has words of its own for it. */
    readonly reason: Reason | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** No answer arrived, so trying the same again later can help. */
  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

const byStatus: Record<number, string> = {
  400: 'Invalid', 401: 'NotAuthenticated', 403: 'Forbidden', 404: 'NotFound', 409: 'Conflict', 412: 'Conflict',
  413: 'TooLarge', 429: 'Busy', 502: 'Unavailable', 503: 'Unavailable', 504: 'Unavailable', 507: 'OverQuota',
};

/** Reads an error answer. A proxy in between may answer with HTML, so the body is never trusted to be ours. */
export function readError(status: number, body: unknown, retryAfter: string | null): ApiError {
  const error = isObject(body) && isObject(body.error) ? body.error : {};
  const code = typeof error.code === 'string' && error.code !== '' ? error.code : (byStatus[status] ?? 'Internal');
  const message = typeof error.message === 'string' ? error.message : '';
  const field = typeof error.field === 'string' && error.field !== '' ? error.field : null;
  const seconds = retryAfter === null ? NaN : Number(retryAfter);
  return new ApiError(status, code, message, field, Number.isFinite(seconds) ? seconds : null, readReason(error.reason));
}

function readReason(reason: unknown): Reason | null {
  if (!isObject(reason) || typeof reason.code !== 'string') return null;
  const values = isObject(reason.values) ? Object.entries(reason.values) : [];
  return { code: reason.code, values: Object.fromEntries(values.map(([name, value]) => [name, String(value)])) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
