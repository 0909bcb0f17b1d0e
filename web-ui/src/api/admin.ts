// Answers for: the calls of the administration, as written down in docs/web-api.md.
import { call } from './client';
import type { CheckResult, Collect, Lang, Security, Smarthost } from './types';

const ADMIN = '/api/admin';
const enc = encodeURIComponent;

export type Kind = 'person' | 'group' | 'shared' | 'room' | 'equipment';
export type Level = 'read' | 'edit' | 'full';
export interface Named {
  address: string;
  name: string;
}
export interface Access extends Named {
  level: Level;
}
export interface Resource {
  capacity: number | null;
  building: string | null;
  floor: string | null;
  place: string | null;
  features: string[];
  open: string;
  timeZone: string | null;
  windowDays: number | null;
  longestMinutes: number | null;
  allowsRecurring: boolean;
  bookers: 'internal' | 'everyone' | 'named';
  named: string[];
  approver: string | null;
}
export interface Account extends Named {
  kind: Kind;
  language: Lang;
  isAdmin: boolean;
  isActive: boolean;
  aliases: string[];
  quotaBytes: number | null;
  usedBytes: number | null;
  createdAt: string;
  members?: Named[];
  access?: Access[];
  resource?: Resource;
  /** Of people. */
  hasSecondFactor?: boolean;
}
export interface NewAccount {
  kind: Kind;
  address: string;
  name: string;
  password?: string;
  isAdmin?: boolean;
  members?: string[];
  access?: { address: string; level: Level }[];
}
export interface AccountChange {
  name?: string;
  isAdmin?: boolean;
  isActive?: boolean;
  password?: string;
  aliases?: string[];
  quotaBytes?: number | null;
}
const accountPath = (address: string) => `${ADMIN}/accounts/${enc(address)}`;
export const getAccounts = async (...kinds: Kind[]) => (await call<{ accounts: Account[] }>('GET', `${ADMIN}/accounts${kinds.length > 0 ? `?kind=${kinds.join()}` : ''}`)).accounts;
export const createAccount = (body: NewAccount) => call<Account>('POST', `${ADMIN}/accounts`, { body });
export const changeAccount = (address: string, body: AccountChange) => call<Account>('PATCH', accountPath(address), { body });
export const removeAccount = (address: string) => call<null>('DELETE', accountPath(address));
export const setMember = (group: string, who: string, isIn: boolean) => call<null>(isIn ? 'PUT' : 'DELETE', `${accountPath(group)}/members/${enc(who)}`, isIn ? { body: {} } : {});
export const setAccess = (mailbox: string, who: string, level: Level | null) => call<null>(level ? 'PUT' : 'DELETE', `${accountPath(mailbox)}/access/${enc(who)}`, level ? { body: { level } } : {});
export const getAccess = async (mailbox: string) => (await call<{ access: Access[] }>('GET', `${accountPath(mailbox)}/access`)).access;
export const putResource = (room: string, body: Resource) => call<Resource>('PUT', `${accountPath(room)}/resource`, { body });

export interface Overview {
  version: string;
  officeName: string | null;
  hostName: string;
  now: string;
  trouble: string | null;
  freeBytes: number | null;
  usedBytes: number;
  accounts: Record<Kind, number>;
  fullMailboxes: string[];
  domains: string[];
  outbound: 'smarthost' | 'direct' | 'later';
  queue: { count: number; stuck: number; oldestAt: string | null };
  collect: { count: number; failing: { id: number; user: string; error: string }[] };
  certificate: { source: 'own' | 'files' | 'public'; notAfter: string; endsSoon: boolean; error: string | null; waitsForRecords: boolean };
  backups: { count: number; lastDoneAt: string | null; failing: { folder: string; error: string }[] };
}
export const getOverview = () => call<Overview>('GET', `${ADMIN}/overview`);
export interface AuditEntry {
  at: string;
  actor: string;
  action: string;
  detail: Record<string, unknown> | null;
}
export const getAudit = async () => (await call<{ entries: AuditEntry[] }>('GET', `${ADMIN}/audit?top=200`)).entries;

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export interface LogLine {
  at: string;
  level: LogLevel;
  text: string;
}
export const getLog = async (level: LogLevel, text: string) => (await call<{ lines: LogLine[] }>('GET', `${ADMIN}/log?level=${level}&text=${enc(text)}`)).lines;

export interface Domains {
  domains: { name: string; createdAt: string }[];
  hostName: string;
}
export interface DnsRecord {
  kind: 'mx' | 'spf' | 'dkim' | 'dmarc' | 'caldav' | 'caldavPath' | 'carddav' | 'carddavPath' | 'imap' | 'submission';
  name: string;
  recordType: string;
  wanted: string | null;
  found: string[];
  health: 'good' | 'missing' | 'different' | 'unknown';
  isNeeded: boolean;
}
export const getDomains = () => call<Domains>('GET', `${ADMIN}/domains`);
export const addDomain = (name: string) => call<null>('POST', `${ADMIN}/domains`, { body: { name } });
export const removeDomain = (name: string) => call<null>('DELETE', `${ADMIN}/domains/${enc(name)}`);
export const getRecords = async (name: string) => (await call<{ records: DnsRecord[] }>('GET', `${ADMIN}/domains/${enc(name)}/records`)).records;

export interface Outbound {
  mode: 'smarthost' | 'direct' | 'later';
  smarthost?: Smarthost;
}
export const getOutbound = () => call<Outbound>('GET', `${ADMIN}/outbound`);
export const putOutbound = (body: Outbound) => call<Outbound>('PUT', `${ADMIN}/outbound`, { body });
/** The server gives up after 20 s; we wait a little longer so that its words arrive. */
export const check = (what: 'collect' | 'smarthost', body: Collect | Smarthost, signal: AbortSignal) =>
  call<CheckResult>('POST', `${ADMIN}/${what === 'collect' ? 'collect' : 'outbound'}/check`, { body, signal, timeout: 30_000 });

export interface Waiting {
  id: number;
  sender: string;
  since: string;
  sizeBytes: number;
  recipients: { address: string; attempts: number; nextAttemptAt: string; lastReply: string | null }[];
}
export const getQueue = async () => (await call<{ messages: Waiting[] }>('GET', `${ADMIN}/queue`)).messages;
export const retryQueue = (id?: number) => call<{ recipients: number }>('POST', `${ADMIN}/queue/${id === undefined ? '' : `${id}/`}retry`, { body: {} });
export const dropQueued = (id: number) => call<null>('DELETE', `${ADMIN}/queue/${id}`);

export interface Source extends Collect {
  id: number;
  security: Security;
  isEnabled: boolean;
  lastRunAtMs: number | null;
  lastError: string | null;
  waiting: { account: string; reason: 'full' | 'tooLarge'; sizeBytes: number }[];
}
export const getSources = async () => (await call<{ sources: Source[] }>('GET', `${ADMIN}/collect`)).sources;
export const putSource = (body: Collect) => call<Source>('POST', `${ADMIN}/collect`, { body });
export const changeSource = (id: number, body: { account?: string; password?: string; keep?: boolean; split?: boolean; isEnabled?: boolean }) => call<Source>('PATCH', `${ADMIN}/collect/${id}`, { body });
export const removeSource = (id: number) => call<null>('DELETE', `${ADMIN}/collect/${id}`);
export const runSource = (id: number) => call<null>('POST', `${ADMIN}/collect/${id}/run`, { body: {} });

/** An account that was made again from a backup, and compared. */
export interface Rehearsal {
  at: string;
  address: string;
  items: number;
  compared: number;
  differences: string[];
}
export interface BackupTarget {
  /** A path, or the address of a server. */
  folder: string;
  atMinute: number;
  keep: { days: number; weeks: number; months: number };
  lastTryAt: string | null;
  lastDoneAt: string | null;
  lastError: string | null;
  /** The last backup was made; why older ones could not be let go. */
  problem: string | null;
  bodies: number;
  newBytes: number;
  rehearsal: Rehearsal | null;
  running: { doneBytes: number; allBytes: number } | null;
}
export const getBackups = async () => (await call<{ targets: BackupTarget[] }>('GET', `${ADMIN}/backups`)).targets;
export const putBackup = (body: Pick<BackupTarget, 'folder' | 'atMinute' | 'keep'> & { secret?: string }) => call<null>('PUT', `${ADMIN}/backups`, { body });
export const removeBackup = (folder: string) => call<null>('DELETE', `${ADMIN}/backups?folder=${enc(folder)}`);
export const runBackup = (folder: string) => call<null>('POST', `${ADMIN}/backups/run`, { body: { folder } });
export const getRecoveryKey = async () => (await call<{ secret: string }>('POST', `${ADMIN}/backups/key`, { body: {} })).secret;

export interface App {
  clientId: string;
  name: string;
  redirectUris: string[];
  hasSecret: boolean;
  hasCertificate: boolean;
  allowPasswordGrant: boolean;
  permissions: string[] | null;
  appPermissions: string[];
  mailboxes: string[] | null;
  isTrusted: boolean;
  createdAt: string;
  /** Shown this once. */
  secret?: string;
}
export type AppBody = Partial<Pick<App, 'clientId' | 'name' | 'redirectUris' | 'permissions' | 'appPermissions' | 'mailboxes' | 'isTrusted'>> & { secret?: boolean };
export const getApps = async () => (await call<{ apps: App[] }>('GET', '/api/apps')).apps;
export const createApp = (body: AppBody) => call<App>('POST', '/api/apps', { body });
export const changeApp = (id: string, body: AppBody) => call<App>('PATCH', `/api/apps/${enc(id)}`, { body });
export const removeApp = (id: string) => call<null>('DELETE', `/api/apps/${enc(id)}`);
export interface Agreeing {
  address: string;
  permissions: string[];
  givenAt: string;
}
export const getAgreeing = async (id: string) => (await call<{ agreements: Agreeing[] }>('GET', `/api/apps/${enc(id)}/agreements`)).agreements;
export const endAgreeing = (id: string, address: string) => call<null>('DELETE', `/api/apps/${enc(id)}/agreements/${enc(address)}`);
export const resetSecondFactor = (address: string) => call<null>('DELETE', `/api/admin/accounts/${encodeURIComponent(address)}/second-factor`);
