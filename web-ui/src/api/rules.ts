// Answers for: the calls of the inbox's rules.
import { call, callAll } from './client';
import type { Recipient } from './types';

export interface Conditions {
  senderContains?: string[];
  fromAddresses?: Recipient[];
  subjectContains?: string[];
  bodyOrSubjectContains?: string[];
  recipientContains?: string[];
  sentToMe?: boolean;
  sentCcMe?: boolean;
  hasAttachments?: boolean;
  importance?: 'low' | 'normal' | 'high';
  [other: string]: unknown;
}
export interface Actions {
  moveToFolder?: string;
  copyToFolder?: string;
  delete?: boolean;
  markAsRead?: boolean;
  markImportance?: 'low' | 'normal' | 'high';
  forwardTo?: Recipient[];
  redirectTo?: Recipient[];
  stopProcessingRules?: boolean;
  [other: string]: unknown;
}
export interface Rule {
  id: string;
  displayName: string;
  sequence: number;
  isEnabled: boolean;
  hasError: boolean;
  conditions: Conditions | null;
  exceptions: Conditions | null;
  actions: Actions | null;
}
export type RuleBody = Partial<Omit<Rule, 'id' | 'hasError'>>;

const PATH = '/v1.0/me/mailFolders/inbox/messageRules';
const rulePath = (id: string) => `${PATH}/${encodeURIComponent(id)}`;
export const getRules = async () => (await callAll<Rule>(PATH)).toSorted((a, b) => a.sequence - b.sequence);
export const createRule = (body: RuleBody) => call<Rule>('POST', PATH, { body });
export const changeRule = (id: string, body: RuleBody) => call<Rule>('PATCH', rulePath(id), { body });
export const removeRule = (id: string) => call<null>('DELETE', rulePath(id));

/** For which of the newest messages in the inbox a rule would have been. */
export interface Rehearsal {
  lookedAt: number;
  hits: number;
  messages: { id: string; subject: string; receivedAt: string; from: { name: string; address: string } }[];
}
export const rehearse = (id: string) => call<Rehearsal>('GET', `/api/rules/${encodeURIComponent(id)}/rehearsal`, { timeout: 60_000 });
