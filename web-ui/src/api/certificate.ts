// Answers for: the calls about the certificate that the doors show, as written down in docs/web-api.md.
import { call } from './client';

const PATH = '/api/admin/certificate';
export type Proof = 'http' | 'tls-alpn' | 'dns';
export interface ZoneKey {
  server: string;
  zone: string;
  keyName: string;
  secret?: string;
}
export interface Wish {
  authority: string;
  names: string[];
  proof: Proof;
  contact: string | null;
  zoneKey: ZoneKey | null;
}
export interface Certificate {
  source: 'own' | 'files' | 'public';
  inUse: { names: string[]; issuer: string; notBefore: string; notAfter: string };
  renewsAt: string | null;
  wish: Wish | null;
  progress: { isAskedFor: boolean; lastTryAt: string | null; lastError: string | null; nextTryAt: string | null; records: { name: string; value: string }[] | null };
  proposal: { authority: string; names: string[]; contact: string };
}
export const getCertificate = () => call<Certificate>('GET', PATH);
export const putCertificate = (body: Wish) => call<Certificate>('PUT', PATH, { body });
export const renewCertificate = () => call<null>('POST', `${PATH}/renew`, { body: {} });
export const removeCertificate = () => call<null>('DELETE', PATH);
