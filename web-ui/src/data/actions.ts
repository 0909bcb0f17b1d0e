// Answers for: everything done to a message: shown at once, confirmed by the server, rolled back visibly when it says no.
import { toasts } from '../app/toasts.svelte';
import { deleteMessage, moveMessage, patchMessage } from '../api/mail';
import type { Message } from '../api/types';
import { errorText } from '../i18n/errors';
import { t, type Key } from '../i18n/index.svelte';
import { inMailbox, mailboxOf } from '../api/place';
import { mailbox } from './mailbox.svelte';

const failed = (what: 'mail.failed.change' | 'mail.failed.move', error: unknown) => toasts.show(t(what, { why: errorText(error) }), { kind: 'bad' });

async function change(message: Message, now: Partial<Pick<Message, 'isRead' | 'flag'>>, before: typeof now, unread: number): Promise<void> {
  const { list } = mailbox;
  const folder = message.parentFolderId;
  const release = list.hold();
  const apply = (to: typeof now, by: number) => {
    list.patch(message, to);
    if (mailbox.full?.id === message.id) mailbox.full = { ...mailbox.full, ...to };
    if (by !== 0) mailbox.adjust(folder, by);
  };
  apply(now, unread);
  try {
    await patchMessage(message.id, now);
  } catch (error) {
    apply(before, -unread);
    failed('mail.failed.change', error);
  } finally {
    release();
  }
}

export async function markRead(message: Message, isRead: boolean): Promise<void> {
  if (message.isRead !== isRead) await change(message, { isRead }, { isRead: !isRead }, isRead ? -1 : 1);
}
export async function toggleFlag(message: Message): Promise<void> {
  const before = message.flag ?? { flagStatus: 'notFlagged' as const };
  const flagStatus = before.flagStatus === 'flagged' ? ('notFlagged' as const) : ('flagged' as const);
  await change(message, { flag: { flagStatus } }, { flag: before }, 0);
}

export type Place = 'archive' | 'junkemail' | 'deleteditems' | 'inbox';
export const done: Record<Place, Key> = {
  archive: 'mail.done.archive', junkemail: 'mail.done.junk', deleteditems: 'mail.done.delete', inbox: 'mail.done.inbox',
};

/** A standard folder of the mailbox in which the message lies. */
export const placeOf = (message: Message, place: Place): string => inMailbox(mailboxOf(message.id), place);

/** Moves and offers the way back. Deleting is a move too: the server then tells the new id, which undo needs. */
export function moveTo(message: Message, to: string, said: string): void {
  const { list } = mailbox;
  // What a search has found lies anywhere.
  const folder = message.parentFolderId;
  const release = list.hold();
  const unread = message.isRead ? 0 : 1;
  const index = list.remove(message);
  const count = (sign: 1 | -1) => {
    mailbox.adjust(folder, -sign * unread, -sign);
    mailbox.adjust(to, sign * unread, sign);
  };
  count(1);
  const moved = moveMessage(message.id, to).then(
    (answer) => answer?.id ?? message.id,
    (error: unknown) => {
      list.insert(index, message);
      count(-1);
      failed('mail.failed.move', error);
      return null;
    },
  );
  void moved.finally(release);
  const undo = async () => {
    const id = await moved;
    if (id === null) return;
    const back = list.hold();
    try {
      await moveMessage(id, folder);
      count(-1);
      toasts.show(t('mail.done.undone'));
    } catch (error) {
      failed('mail.failed.change', error);
    } finally {
      list.refresh();
      back();
    }
  };
  toasts.show(said, { action: { label: t('common.undo'), run: () => void undo() } });
}

/** Only for what lies in the trash already. There is no way back, so the caller has asked. */
export async function destroy(message: Message): Promise<void> {
  const { list } = mailbox;
  const folder = message.parentFolderId;
  const release = list.hold();
  const index = list.remove(message);
  mailbox.adjust(folder, message.isRead ? 0 : -1, -1);
  try {
    await deleteMessage(message.id);
    toasts.show(t('mail.done.destroyed'));
  } catch (error) {
    list.insert(index, message);
    mailbox.adjust(folder, message.isRead ? 0 : 1, 1);
    failed('mail.failed.move', error);
  } finally {
    release();
  }
}
