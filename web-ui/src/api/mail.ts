// Answers for: the calls of session and mail.
import { at } from './base';
import { call, callAll, request } from './client';
import { apart, folderPath, inMailbox, mailboxOf, messagePath, root, whose } from './place';
import type { Attachment, Folder, FullMessage, Lang, Message, Session } from './types';

const FIELDS =
  'id,subject,bodyPreview,isRead,hasAttachments,receivedDateTime,from,toRecipients,flag,importance,isDraft,parentFolderId';

export const getSession = () => call<Session>('GET', '/api/session');
export const signIn = (address: string, password: string) =>
  call<Session>('POST', '/api/session', { body: { address, password } });
/** What stands on the button of another issuer; null: there is none. */
export const getOutside = async () => (await call<{ name: string | null }>('GET', '/api/outside')).name;
/** Where the browser goes to sign in there; `to`: the place in the page to which it comes back. */
export const outsideUrl = (to: string) => at(`/api/outside/begin?to=${encodeURIComponent(to)}`);
export const signOut = () => call<null>('DELETE', '/api/session');
export const setLanguage = (language: Lang) => call<Session>('PATCH', '/api/session', { body: { language } });

/** A mailbox of somebody else, or of several, that the signed-in person may use. */
export interface OtherMailbox {
  address: string;
  name: string;
  kind: string;
  level: 'read' | 'edit' | 'full';
}
export const getMailboxes = async () => (await call<{ mailboxes: OtherMailbox[] }>('GET', '/api/mailboxes')).mailboxes;

const folderHere = (mailbox: string | null) => (folder: Folder): Folder => ({
  ...folder, id: inMailbox(mailbox, folder.id), parentFolderId: folder.parentFolderId === null ? null : inMailbox(mailbox, folder.parentFolderId),
});
/** `mailbox`: null is one's own. */
export const getFolders = async (mailbox: string | null) =>
  (await call<{ value: Folder[] }>('GET', `${root(mailbox)}/mailFolders?$top=250`)).value.map(folderHere(mailbox));
export const getChildFolders = async (id: string) =>
  (await call<{ value: Folder[] }>('GET', `${folderPath(id)}/childFolders?$top=250`)).value.map(folderHere(mailboxOf(id)));

export async function getMessages(folder: string, skip: number, top: number): Promise<{ count: number; rows: Message[] }> {
  const query = `$select=${FIELDS}&$orderby=receivedDateTime%20desc&$top=${top}&$skip=${skip}&$count=true`;
  const page = await call<{ '@odata.count': number; value: Message[] }>('GET', `${folderPath(folder)}/messages?${query}`);
  return { count: page['@odata.count'], rows: page.value.map((m) => whole(m, mailboxOf(folder))) };
}
export const getMessage = async (id: string) => whole(await call<FullMessage>('GET', messagePath(id)), mailboxOf(id));
/** Drafts and broken mail lack parts that every other message has. */
function whole<M extends Message>(message: M, mailbox: string | null = null): M {
  const [id, parentFolderId] = [inMailbox(mailbox, message.id), inMailbox(mailbox, message.parentFolderId)];
  return { ...message, id, parentFolderId, toRecipients: message.toRecipients ?? [], bodyPreview: message.bodyPreview ?? '' };
}
export const getAttachments = async (id: string) =>
  (await call<{ value: Attachment[] }>('GET', `${messagePath(id)}/attachments?$select=id,name,contentType,size,isInline,contentId`)).value;
export const attachmentUrl = (message: string, id: string) =>
  `${messagePath(message)}/attachments/${encodeURIComponent(id)}/$value`;
/** Mail that was flagged and is not done yet, wherever it lies. */
export const getFlagged = async () => (await callAll<Message>(`/v1.0/me/messages?$filter=${encodeURIComponent("flag/flagStatus eq 'flagged'")}&$top=100&$select=${FIELDS}`)).map((m) => whole(m));
export const patchMessage = (id: string, body: Partial<Pick<Message, 'isRead' | 'flag'>>) =>
  call<Message>('PATCH', messagePath(id), { body });
/** Answers with the moved message: its id may have changed on the way. */
export async function moveMessage(id: string, destination: string): Promise<Message | null> {
  const moved = await call<Message | null>('POST', `${messagePath(id)}/move`, { body: { destinationId: apart(destination).bare } });
  return moved && whole(moved, mailboxOf(id));
}
export const deleteMessage = (id: string) => call<null>('DELETE', messagePath(id));

export type SendMode = 'new' | 'reply' | 'replyAll' | 'forward';
export function renderUrl(id: string, images: boolean): string {
  const { mailbox, bare } = apart(id);
  return `/ui/render/${encodeURIComponent(bare)}?images=${images ? 1 : 0}${whose(mailbox, '&')}`;
}
/** How many remote images the server left out. Only the header says so, and a frame cannot read its own headers. */
export async function countRemoteImages(id: string): Promise<number> {
  const answer = await request('HEAD', renderUrl(id, false));
  return Number(answer.headers.get('X-Remote-Images') ?? 0) || 0;
}
