// Answers for: what keys mean where the list is by conversation: all that the folder has of one. What of it lies elsewhere stays there.
import { toasts } from '../app/toasts.svelte';
import type { BulkAction, Chosen } from '../api/bulk';
import { mailboxOf } from '../api/place';
import type { Message, Thread } from '../api/types';
import { placeOf, type Place } from '../data/actions';
import { bulk, picks } from '../data/bulk.svelte';
import { mailbox } from '../data/mailbox.svelte';
import { t } from '../i18n/index.svelte';
import { folderLabel, goOn, mayChange, placeIn, shared, type Command } from './commands.svelte';

const chosen = (row: Message, thread: Thread): Chosen => ({ mailbox: mailboxOf(row.id), folder: row.parentFolderId, conversations: [thread.id] });

/** Gone from the list at once; when the server says no, it is there again. */
function carry(row: Message, thread: Thread, place: Place): void {
  const to = mailbox.find(placeOf(row, place));
  if (!to || to.id === row.parentFolderId) return;
  const { list } = mailbox;
  const isOpen = mailbox.open?.conversationId === thread.id;
  const release = list.hold();
  const index = list.removeAt(list.placeOf(thread.id));
  mailbox.adjust(row.parentFolderId, -thread.unread, -thread.here);
  mailbox.adjust(to.id, thread.unread, thread.here);
  if (isOpen) goOn(index, '');
  void bulk.soon(chosen(row, thread), 'move', (n) => t('mail.bulk.moved', { n, folder: folderLabel(to) }), to.id).finally(release);
}
function mark(row: Message, thread: Thread, action: BulkAction, now: Partial<Thread>): void {
  const { list } = mailbox;
  const release = list.hold();
  list.patchThread(thread.id, now);
  if (now.unread !== undefined) mailbox.adjust(row.parentFolderId, now.unread - thread.unread);
  void bulk.soon(chosen(row, thread), action, (n) => t('mail.bulk.marked', { n })).finally(release);
}
const changing = (act: (row: Message, thread: Thread) => void) => (row: Message) => {
  if (!row.thread) return;
  if (mayChange(row)) act(row, row.thread);
  else toasts.show(t('mail.readOnly'));
};
/** Read by all or by nobody: the names follow. */
const people = (thread: Thread, isUnread: boolean) => thread.people.map((one) => ({ ...one, isUnread }));

export const threadCommands: Partial<Record<Command, (row: Message) => void>> = {
  archive: changing((row, thread) => carry(row, thread, 'archive')),
  junk: changing((row, thread) => carry(row, thread, placeIn(row) === 'junkemail' ? 'inbox' : 'junkemail')),
  flag: changing((row, thread) => mark(row, thread, thread.isFlagged ? 'unflag' : 'flag', { isFlagged: !thread.isFlagged })),
  unread: changing((row, thread) => {
    if (thread.unread > 0) mark(row, thread, 'read', { unread: 0, people: people(thread, false) });
    else mark(row, thread, 'unread', { unread: thread.here });
  }),
  move: changing((_row, thread) => {
    picks.only(thread.id);
    shared.toMove = 'picked';
  }),
  delete: changing((row, thread) => {
    if (placeIn(row) !== 'deleteditems') return carry(row, thread, 'deleteditems');
    picks.only(thread.id);
    shared.destroyMany = thread.here;
  }),
};
