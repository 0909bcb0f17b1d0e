// Answers for: what buttons and keys can do, said once for both.
import { begin } from '../app/compose';
import { router } from '../app/router.svelte';
import { account } from '../app/session.svelte';
import { toasts } from '../app/toasts.svelte';
import { getMessage } from '../api/mail';
import type { Folder, FullMessage, Message } from '../api/types';
import { destroy, done, markRead, moveTo, placeOf, toggleFlag, type Place } from '../data/actions';
import { desk } from '../data/draft.svelte';
import { inMailbox, mailboxOf } from '../api/place';
import { bulk, byMailbox } from '../data/bulk.svelte';
import { mailbox, type FolderNode } from '../data/mailbox.svelte';
import { loadArea, t, type Key } from '../i18n/index.svelte';
import type { IconName } from '../components/icon-names';
import { draftFrom } from './quote';

/** What waits for a yes, and the text of the open message: both are needed far from where they arise. */
class Shared {
  toDestroy = $state.raw<Message | null>(null);
  /** What a folder is being picked for. */
  toMove = $state.raw<Message | 'picked' | null>(null);
  /** How many are to be destroyed at once. */
  destroyMany = $state(0);
  /** Set by the frame that shows the body; quoting takes the text the reader sees. */
  bodyText: () => string = () => '';
}
export const shared = new Shared();

export const narrow = () => matchMedia('(max-width: 720px)').matches;

const known: Record<string, { icon: IconName; key: Key }> = {
  inbox: { icon: 'inbox', key: 'mail.folder.inbox' },
  drafts: { icon: 'file-text', key: 'mail.folder.drafts' },
  sentitems: { icon: 'send', key: 'mail.folder.sentitems' },
  archive: { icon: 'archive', key: 'mail.folder.archive' },
  junkemail: { icon: 'shield-alert', key: 'mail.folder.junkemail' },
  deleteditems: { icon: 'trash-2', key: 'mail.folder.deleteditems' },
};
/** The standard folders are called what the page's language calls them, whatever the store names them. */
export function folderLabel(folder: Folder): string {
  const entry = known[folder.wellKnownName ?? ''];
  return entry ? t(entry.key) : folder.displayName;
}
export const folderIcon = (folder: Folder): IconName => known[folder.wellKnownName ?? '']?.icon ?? 'folder';

/** Where the eye should rest after a message left the list: the one that took its place. */
function leave(message: Message, act: () => void): void {
  const index = mailbox.list.rowOf(message);
  const wasOpen = mailbox.openId === message.id;
  act();
  if (wasOpen) goOn(index, message.id);
}
/** Opens what stands at a place of the list now. `gone`: a conversation shows it until the server says what is the newest of the rest. */
export function goOn(index: number, gone: string): void {
  const count = mailbox.list.count ?? 0;
  const next = narrow() || index < 0 ? undefined : mailbox.list.at(Math.min(index, count - 1));
  router.replace({ folder: router.route.folder, message: next && next.id !== gone ? next.id : null });
}

async function answer(mode: 'reply' | 'replyAll' | 'forward', message: Message | FullMessage): Promise<void> {
  await loadArea('compose');
  // Without its text there is nothing to quote; what the list knows has to do when it cannot be had.
  const full: Message | FullMessage = mailbox.full?.id === message.id ? mailbox.full : await getMessage(message.id).catch(() => message);
  const text = mailbox.openId === message.id ? shared.bodyText() : '';
  const body = 'body' in full ? (full as FullMessage).body : null;
  const plain = body?.contentType === 'text' ? body.content : '';
  const draft = draftFrom(mode, full, text || plain || message.bodyPreview, body?.contentType === 'html' ? body.content : '', account.session?.address ?? '');
  // Who was written to under one of their other addresses answers from it.
  const mine = account.session?.aliases ?? [];
  const box = mailboxOf(message.id);
  // Who may send for a mailbox answers from there; everybody else as themselves.
  if (box !== null && mailbox.level(message.id) === 'full') draft.mailbox = draft.from = box;
  else draft.from = [...full.toRecipients, ...((full as FullMessage).ccRecipients ?? [])].map((r) => r.emailAddress.address.toLowerCase()).find((a) => mine.includes(a)) ?? '';
  if (!desk.start(begin(draft))) toasts.show(t('mail.stillWriting'));
}
const move = (message: Message, place: Place) => into(message, placeOf(message, place), t(done[place]));
function into(message: Message, to: string, said: string): void {
  if (mailbox.find(to)?.id !== message.parentFolderId) leave(message, () => moveTo(message, to, said));
}
/** The folder that was picked for a message. */
export function moveAsked(message: Message | 'picked', folder: FolderNode): void {
  shared.toMove = null;
  if (message === 'picked') {
    void bulk.run('move', t('mail.bulk.moving'), (n) => t('mail.bulk.moved', { n, folder: folderLabel(folder) }), (box) => (box === folder.mailbox ? folder.id : undefined));
    return;
  }
  into(message, folder.id, t('mail.done.moved', { folder: folderLabel(folder) }));
}
/** In which standard folder it lies, if in one. */
export const placeIn = (message: Message): string | null => mailbox.find(message.parentFolderId)?.wellKnownName ?? null;
/** Where somebody may only read, nothing is tried that will be refused. */
export const mayChange = (message: Message): boolean => mailbox.level(message.id) !== 'read';
const changing = (act: (m: Message) => void) => (message: Message) => {
  if (mayChange(message)) act(message);
  else toasts.show(t('mail.readOnly'));
};

export const commands = {
  reply: (m: Message) => void answer('reply', m),
  replyAll: (m: Message) => void answer('replyAll', m),
  forward: (m: Message) => void answer('forward', m),
  archive: changing((m) => move(m, 'archive')),
  junk: changing((m) => move(m, placeIn(m) === 'junkemail' ? 'inbox' : 'junkemail')),
  flag: changing((m) => void toggleFlag(m)),
  unread: changing((m) => void markRead(m, !m.isRead)),
  move: changing((m) => (shared.toMove = m)),
  delete: changing((m) => {
    if (placeIn(m) === 'deleteditems') shared.toDestroy = m;
    else move(m, 'deleteditems');
  }),
} as const;
export type Command = keyof typeof commands;

export function destroyAsked(): void {
  const message = shared.toDestroy;
  if (message) leave(message, () => void destroy(message));
}

const inBoth = (place: Place) => (box: string | null) => mailbox.find(inMailbox(box, place))?.id;
const many = (place: Place) => () => void bulk.run('move', t('mail.bulk.moving'), (n) => t('mail.bulk.moved', { n, folder: t(known[place]?.key ?? 'mail.title') }), inBoth(place));
const marks = (action: 'read' | 'unread' | 'flag') => () => void bulk.run(action, t('mail.bulk.marking'), (n) => t('mail.bulk.marked', { n }));
/** The same for all that is picked. */
export const bulkCommands = {
  read: marks('read'),
  unread: marks('unread'),
  flag: marks('flag'),
  archive: many('archive'),
  junk: many('junkemail'),
  delete: many('deleteditems'),
  move: () => {
    shared.toMove = 'picked';
  },
  destroy: () => void bulk.run('destroy', t('mail.bulk.destroying'), (n) => t('mail.bulk.destroyed', { n })),
} as const;

/** All of a conversation but what is still being written; what was sent stays where it is when the rest is archived. */
const meant = (all: Message[], without: string[]) => all.filter((m) => !m.isDraft && !without.includes(placeIn(m) ?? ''));
export const conversationMeant = {
  archive: (all: Message[]) => meant(all, ['sentitems', 'deleteditems', 'archive']),
  delete: (all: Message[]) => meant(all, ['deleteditems']),
} as const;
const ofConversation = (place: Place) => (some: Message[]) => {
  router.closeMessage();
  void bulk.run('move', t('mail.bulk.moving'), (n) => t('mail.bulk.moved', { n, folder: t(known[place]?.key ?? 'mail.title') }), inBoth(place), byMailbox(some.map((m) => m.id)));
};
export const conversationCommands = {
  archive: ofConversation('archive'),
  delete: ofConversation('deleteditems'),
} as const;
