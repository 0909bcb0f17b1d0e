// Answers for: one sentence for every failure that says what happened and what to do.
import { ApiError } from '../api/errors';
import { has, t, type Key } from './index.svelte';

const known: Record<string, Key> = {
  Offline: 'common.error.Offline', Timeout: 'common.error.Timeout', Unavailable: 'common.error.Unavailable',
  Busy: 'common.error.Busy', Forbidden: 'common.error.Forbidden', NotAuthenticated: 'common.error.NotAuthenticated',
  OverQuota: 'common.error.OverQuota', TooLarge: 'common.error.TooLarge', NotFound: 'common.error.NotFound',
  ErrorItemNotFound: 'common.error.NotFound', SetupCodeWrong: 'common.error.SetupCodeWrong',
  SetupNotClaimed: 'common.error.SetupNotClaimed', SetupFinished: 'common.error.SetupFinished', Internal: 'common.error.Internal',
};

export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return t('common.error.Internal');
  if (error.code === 'Busy' && error.retryAfter) return t('common.error.BusyFor', { n: error.retryAfter });
  const reason = error.reason && `common.reason.${error.reason.code}`;
  if (reason && has(reason)) return t(reason, error.reason?.values);
  const key = known[error.code];
  // Where the server knows more than the code (which value is taken, and why), its words win.
  if (error.message !== '' && (key === undefined || error.field !== null)) return error.message;
  return t(key ?? 'common.error.Internal');
}
