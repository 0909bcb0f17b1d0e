// Answers for: the calls about one's own second factor and the passwords of devices.
import { call } from './client';
import type { Session } from './types';

export interface SecondFactor {
  isOn: boolean;
  since: string | null;
  recoveryCodesLeft: number;
}
export interface Enrolling {
  /** As people type it into the app. */
  secret: string;
  address: string;
  /** Rows of the code that the app scans; `1` is dark. */
  squares: string[];
}
const PATH = '/api/second-factor';
export const getSecondFactor = () => call<SecondFactor>('GET', PATH);
export const beginSecondFactor = (password: string) => call<Enrolling>('POST', `${PATH}/begin`, { body: { password } });
export const confirmSecondFactor = async (code: string) => (await call<{ recoveryCodes: string[] }>('POST', `${PATH}/confirm`, { body: { code } })).recoveryCodes;
export const newRecoveryCodes = async (code: string) => (await call<{ recoveryCodes: string[] }>('POST', `${PATH}/recovery-codes`, { body: { code } })).recoveryCodes;
export const endSecondFactor = (code: string) => call<null>('DELETE', PATH, { body: { code } });

export interface AppPassword {
  id: number;
  label: string;
  since: string;
}
const APPS = '/api/app-passwords';
export const getAppPasswords = async () => (await call<{ appPasswords: AppPassword[] }>('GET', APPS)).appPasswords;
/** `code`: of who has a second factor. */
export const addAppPassword = async (label: string, code: string) => (await call<{ password: string }>('POST', APPS, { body: { label, code } })).password;
/** Signs everybody else out who is signed in with the account. */
export const removeAppPassword = (id: number) => call<Session>('DELETE', `${APPS}/${id}`);
