// Answers for: the calls about whether the box is set up well, as written down in docs/web-api.md.
import { call } from './client';

const PATH = '/api/admin/checks';
export const DOCUMENT = `${PATH}/document`;
export type CheckHealth = 'good' | 'warn' | 'bad' | 'unknown';
export interface CheckLine {
  kind: 'mx' | 'spf' | 'dkim' | 'dmarc' | 'address' | 'autoconfig' | 'autodiscover' | 'reverse' | 'blocklist' | 'portOut' | 'portIn' | 'smarthost' | 'collect' | 'certificate';
  about: string;
  health: CheckHealth;
  now: string | null;
  wanted: string | null;
  who: 'dnsProvider' | 'lineProvider' | 'mailProvider' | 'router' | 'administrator';
  record: { name: string; type: string } | null;
}
export interface CheckReport {
  at: string | null;
  lines: CheckLine[];
}
export const getChecks = () => call<CheckReport>('GET', PATH);
export const runChecks = () => call<CheckReport>('POST', `${PATH}/run`, { body: {}, timeout: 60_000 });
