// Answers for: a folder by conversations, which Graph has no word for.
import { call } from './client';
import { whole } from './mail';
import { apart, whose } from './place';
import type { Message, Thread } from './types';

interface Row {
  id: string;
  count: number;
  here: number;
  unread: number;
  isFlagged: boolean;
  hasAttachments: boolean;
  people: Thread['people'];
  message: Message;
}
/** Each row is the newest message of its conversation in the folder, with what is to be known of the whole. */
export async function getConversations(folder: string, skip: number, top: number): Promise<{ count: number; rows: Message[] }> {
  const { mailbox, bare } = apart(folder);
  const path = `/api/conversations?folder=${encodeURIComponent(bare)}&skip=${skip}&top=${top}${whose(mailbox, '&')}`;
  const found = await call<{ total: number; conversations: Row[] }>('GET', path);
  return { count: found.total, rows: found.conversations.map(({ message, ...thread }) => ({ ...whole(message, mailbox), thread })) };
}
