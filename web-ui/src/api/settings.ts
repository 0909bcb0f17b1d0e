// Answers for: the calls about how somebody wants things: preferences, settings of the mailbox, sign-ins, programs.
import type { Theme } from '../app/theme.svelte';
import { call } from './client';
import type { Session } from './types';

export interface Signature {
  text: string;
  inReplies: boolean;
}
export interface SavedSearch {
  name: string;
  /** As it was typed. */
  text: string;
  /** As the page names it; null: everywhere in the mailbox. */
  folder: string | null;
}
export interface Preferences {
  theme: Theme | null;
  /** 0 is Sunday. */
  firstDayOfWeek: number | null;
  timeFormat: string | null;
  /** How long a message is held after sending, to be taken back; 0: not at all. */
  undoSeconds: number | null;
  /** New messages as plain text instead of formatted. */
  writesPlain: boolean | null;
  conversations: boolean | null;
  /** Lists of mail have a row for each conversation. */
  byConversation: boolean | null;
  searches: SavedSearch[];
  /** Whose pictures from elsewhere are shown without asking. */
  imageSenders: string[];
  signatures: Record<string, Signature>;
}
export const getPreferences = () => call<Preferences>('GET', '/api/preferences');
export const changePreferences = (body: { theme?: Theme; firstDayOfWeek?: number; undoSeconds?: number; writesPlain?: boolean; conversations?: boolean; byConversation?: boolean; searches?: SavedSearch[]; imageSenders?: string[] }) => call<Preferences>('PATCH', '/api/preferences', { body });
export const putSignature = (address: string, body: Signature) => call<Preferences>('PUT', `/api/preferences/signatures/${encodeURIComponent(address)}`, { body });

export interface TimeAt {
  dateTime: string;
  timeZone: string;
}
export interface AutomaticReplies {
  status: 'disabled' | 'alwaysEnabled' | 'scheduled';
  externalAudience: 'none' | 'contactsOnly' | 'all';
  internalReplyMessage: string;
  externalReplyMessage: string;
  scheduledStartDateTime: TimeAt;
  scheduledEndDateTime: TimeAt;
}
export interface MailboxSettings {
  timeZone: string;
  timeFormat: string;
  automaticRepliesSetting: AutomaticReplies;
}
export const getMailboxSettings = () => call<MailboxSettings>('GET', '/v1.0/me/mailboxSettings?$select=timeZone,timeFormat,automaticRepliesSetting');
export const changeMailboxSettings = (body: { timeZone?: string; timeFormat?: string; automaticRepliesSetting?: Partial<AutomaticReplies> }) =>
  call<MailboxSettings>('PATCH', '/v1.0/me/mailboxSettings', { body });

export interface SignIn {
  id: string;
  since: string;
  until: string;
  isThis: boolean;
}
export const getSessions = async () => (await call<{ sessions: SignIn[] }>('GET', '/api/sessions')).sessions;
export const endSession = (id: string) => call<null>('DELETE', `/api/sessions/${encodeURIComponent(id)}`);
export const changePassword = (before: string, after: string) => call<Session>('PUT', '/api/password', { body: { before, after } });

export interface Agreement {
  clientId: string;
  name: string;
  permissions: string[];
  givenAt: string;
}
export const getAgreements = async () => (await call<{ agreements: Agreement[] }>('GET', '/api/agreements')).agreements;
export const endAgreement = (client: string) => call<null>('DELETE', `/api/agreements/${encodeURIComponent(client)}`);

export interface PersonalData {
  state: 'none' | 'running' | 'ready' | 'failed';
  messages?: number;
  objects?: number;
  sizeBytes?: number;
  why?: string;
}
export const getPersonalData = () => call<PersonalData>('GET', '/api/personal-data');
export const askPersonalData = () => call<unknown>('POST', '/api/personal-data', { body: {} });
