// Answers for: the shapes of `/api` and of the part of `/v1.0` the page uses, as written down in docs/web-api.md.
export type Lang = 'de' | 'en';
export type Security = 'tls' | 'starttls' | 'none';

export const STEPS = ['language', 'office', 'admin', 'inbound', 'outbound', 'people', 'finish'] as const;
export type Step = (typeof STEPS)[number];

/** The second half of the wizard, once the office is there. */
export const LATER_STEPS = ['certificate', 'rooms', 'backup', 'mail', 'done'] as const;
export type LaterStep = (typeof LATER_STEPS)[number];
/** The message that shows whether mail gets out and back; its code stands in its subject. */
export interface Trial {
  to: string;
  code: string;
}
export interface Later {
  /** Null: the wizard is over. */
  step: LaterStep | null;
  reached?: LaterStep;
  isPutOff?: boolean;
  trial?: Trial | null;
}

export interface Collect {
  protocol: 'imap' | 'pop3';
  host: string;
  port: number;
  security: Security;
  user: string;
  password?: string;
  hasPassword?: boolean;
  keep: boolean;
  split: boolean;
  account: string;
}
export interface Smarthost {
  host: string;
  port: number;
  security: Security;
  user: string;
  password?: string;
  hasPassword?: boolean;
}
export interface Person {
  name: string;
  address: string;
  password?: string;
  hasPassword?: boolean;
}
export interface Answers {
  language?: Lang;
  officeName?: string;
  domain?: string;
  admin?: Person;
  inbound?: { mode: 'collect' | 'smtp' | 'later'; collect?: Collect };
  outbound?: { mode: 'smarthost' | 'direct' | 'later'; smarthost?: Smarthost };
  people?: Person[];
}
export interface SetupState {
  claimed: boolean;
  finished: boolean;
  mine: boolean;
  version: string;
  language: Lang | null;
  step?: Step;
  answers?: Answers;
}
export type CheckReason = 'login' | 'name' | 'connect' | 'tls' | 'protocol';
export interface CheckResult {
  ok: boolean;
  reason?: CheckReason;
  detail?: string;
}

export interface Session {
  address: string;
  /** Further addresses of one's own. */
  aliases: string[];
  name: string;
  oid: string;
  language: Lang;
  isAdmin: boolean;
  officeName: string;
  /** The wizard is to be gone on with. */
  isSettingUp: boolean;
}

export interface EmailAddress {
  name?: string;
  address: string;
}
export interface Recipient {
  emailAddress: EmailAddress;
}
export interface Folder {
  id: string;
  displayName: string;
  parentFolderId: string | null;
  childFolderCount: number;
  totalItemCount: number;
  unreadItemCount: number;
  wellKnownName: string | null;
  isHidden?: boolean;
}
export interface Message {
  id: string;
  subject: string | null;
  bodyPreview: string;
  isRead: boolean;
  hasAttachments: boolean;
  /** Drafts were never received. */
  receivedDateTime: string | null;
  from?: Recipient | null;
  toRecipients: Recipient[];
  flag?: { flagStatus: 'flagged' | 'notFlagged' | 'complete' };
  importance?: 'low' | 'normal' | 'high';
  isDraft?: boolean;
  conversationId?: string | null;
  parentFolderId: string;
  /** In lists by conversation: the message stands for all of it. */
  thread?: Thread;
}
/** Somebody who takes part in a conversation. */
export interface Participant {
  name: string | null;
  address: string;
  /** Something of theirs in the folder has not been read. */
  isUnread: boolean;
}
/** What a list by conversations knows of a conversation beyond its newest message in the folder. */
export interface Thread {
  id: string;
  /** Messages in all folders. */
  count: number;
  /** In the folder, as are all that follow. */
  here: number;
  unread: number;
  isFlagged: boolean;
  hasAttachments: boolean;
  /** Who wrote last stands last. */
  people: Participant[];
}
export interface FullMessage extends Message {
  body: { contentType: 'text' | 'html'; content: string };
  ccRecipients?: Recipient[];
  bccRecipients?: Recipient[];
  replyTo?: Recipient[];
  sentDateTime?: string;
  internetMessageId?: string;
}
export interface Attachment {
  id: string;
  name: string | null;
  contentType: string | null;
  size: number;
  isInline: boolean;
  contentId?: string | null;
}
export interface OutgoingMessage {
  subject: string;
  body: { contentType: 'text' | 'html'; content: string };
  toRecipients: Recipient[];
  ccRecipients: Recipient[];
  bccRecipients: Recipient[];
  from?: Recipient;
}
