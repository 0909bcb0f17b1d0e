// Answers for: the calls of the first-run set-up.
import { call } from './client';
import type { CheckResult, Collect, Person, SetupState, Smarthost, Step } from './types';

export const getSetup = () => call<SetupState>('GET', '/api/setup');
export const claim = (code: string) => call<SetupState>('POST', '/api/setup/claim', { body: { code } });
export const putStep = (step: Exclude<Step, 'finish'>, body: unknown) =>
  call<SetupState>('PUT', `/api/setup/${step}`, { body });
export const putPeople = (people: Person[]) => putStep('people', { people });
/** The server gives up after 20 s; we wait a little longer so that its words arrive. */
export const check = (what: 'collect' | 'smarthost', body: Collect | Smarthost, signal: AbortSignal) =>
  call<CheckResult>('POST', `/api/setup/check/${what}`, { body, signal, timeout: 30_000 });
export const finish = () => call<unknown>('POST', '/api/setup/finish', { timeout: 120_000 });
