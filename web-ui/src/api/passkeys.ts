// Answers for: passkeys: the calls, and what is asked of the device. What it answers goes as base64url, as it is.
import { call } from './client';
import type { Session } from './types';

export interface Passkey {
  id: number;
  label: string;
  since: string;
  usedAt: string | null;
}
const PATH = '/api/passkeys';
const SIGN_IN = '/api/session/passkey';
/** ES256, EdDSA, RS256 (IANA's registry of COSE algorithms). */
const ALGORITHMS = [-7, -8, -257];
const MINUTES_5 = 300_000;

const pack = (bytes: ArrayBuffer | null): string => btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0)))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const unpack = (text: string) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

/** Whether browser and address can have passkeys at all: they count for a name, never for an IP address. */
export const knowsPasskeys = (): boolean => 'PublicKeyCredential' in window && isSecureContext && 'getPublicKey' in AuthenticatorAttestationResponse.prototype;
export const isName = (host: string): boolean => !/^[\d.]+$|:|^\[/.test(host);

export const getPasskeys = () => call<{ passkeys: Passkey[]; place: string }>('GET', PATH);
export const renamePasskey = (id: number, label: string) => call<null>('PATCH', `${PATH}/${id}`, { body: { label } });
/** Signs everybody else out who is signed in with the account. */
export const removePasskey = (id: number) => call<Session>('DELETE', `${PATH}/${id}`);

interface Begun {
  challenge: string;
  place: string;
  user: { id: string; name: string; displayName: string };
  known: string[];
}
/** What is to be asked of the device; `code`: of who has a second factor. */
export const beginPasskey = (password: string, code: string) => call<Begun>('POST', `${PATH}/begin`, { body: { password, code } });
/** False: the device has made none. */
export async function makePasskey(begun: Begun, label: string): Promise<boolean> {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: unpack(begun.challenge), rp: { id: begun.place, name: 'Hauspost' }, user: { ...begun.user, id: unpack(begun.user.id) }, timeout: MINUTES_5, attestation: 'none',
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })), excludeCredentials: begun.known.map((id) => ({ type: 'public-key', id: unpack(id) })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    },
  }).catch(() => null);
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAttestationResponse)) return false;
  const said = made.response;
  await call<unknown>('POST', PATH, { body: { label, clientData: pack(said.clientDataJSON), authenticatorData: pack(said.getAuthenticatorData()), publicKey: pack(said.getPublicKey()) } });
  return true;
}
/** Null: the device has shown none. */
export async function signInByPasskey(): Promise<Session | null> {
  const asked = await call<{ challenge: string; place: string }>('POST', `${SIGN_IN}/begin`, { body: {} });
  const shown = await navigator.credentials.get({ publicKey: { challenge: unpack(asked.challenge), rpId: asked.place, timeout: MINUTES_5, userVerification: 'required' } }).catch(() => null);
  if (!(shown instanceof PublicKeyCredential) || !(shown.response instanceof AuthenticatorAssertionResponse)) return null;
  const said = shown.response;
  return call<Session>('POST', SIGN_IN, { body: { credential: pack(shown.rawId), clientData: pack(said.clientDataJSON), authenticatorData: pack(said.authenticatorData), signature: pack(said.signature) } });
}
