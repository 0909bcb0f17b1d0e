// Answers for: the calls of the first-run set-up.
import { call } from './client';
import type { CheckResult, Collect, Later, LaterStep, Person, Session, SetupState, Smarthost, Step, Trial } from './types';

export const getSetup = () => call<SetupState>('GET', '/api/setup');
export const claim = (code: string) => call<SetupState>('POST', '/api/setup/claim', { body: { code } });
export const putStep = (step: Exclude<Step, 'finish'>, body: unknown) =>
  call<SetupState>('PUT', `/api/setup/${step}`, { body });
export const putPeople = (people: Person[]) => putStep('people', { people });
/** The server gives up after 20 s; we wait a little longer so that its words arrive. */
export const check = (what: 'collect' | 'smarthost', body: Collect | Smarthost, signal: AbortSignal) =>
  call<CheckResult>('POST', `/api/setup/check/${what}`, { body, signal, timeout: 30_000 });
export const finish = () => call<Session>('POST', '/api/setup/finish', { timeout: 120_000 });

/** What is asked once the office is there, of an administrator who is signed in. */
const LATER = '/api/admin/setup';
export const getLater = () => call<Later>('GET', LATER);
export const putLater = (body: { step: LaterStep; isPutOff?: boolean; trial: Trial | null }) => call<Later>('PUT', LATER, { body });
export const endLater = () => call<null>('DELETE', LATER);
