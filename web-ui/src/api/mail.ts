// Answers for: the calls of session and mail.
import { at } from './base';
import { call, callAll, request } from './client';
import { ApiError } from './errors';
import { apart, folderPath, inMailbox, mailboxOf, messagePath, root, whose } from './place';
import type { Attachment, Folder, FullMessage, Lang, Message, OutgoingMessage, Session } from './types';

const FIELDS =
  'id,subject,bodyPreview,isRead,hasAttachments,receivedDateTime,from,toRecipients,flag,importance,isDraft,parentFolderId,conversationId';

export const getSession = () => call<Session>('GET', '/api/session');
export const signIn = (address: string, password: string) =>
  call<Session | { ticket: string }>('POST', '/api/session', { body: { address, password } });
/** The code of who has a second factor, with the ticket that the password was answered with. */
export const signInByCode = (ticket: string, code: string) => call<Session>('POST', '/api/session/code', { body: { ticket, code } });
/** What stands on the button of another issuer; null: there is none. */
export const getOutside = () => call<{ name: string | null; takesUserNames: boolean }>('GET', '/api/outside');
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

/** The folder, its mailbox, or all mailboxes that somebody may use. */
export type Where = 'folder' | 'mailbox' | 'everywhere';
export interface Search {
  /** As it was typed. */
  text: string;
  /** As the server reads it. */
  kql: string;
  /** What is marked in what was found. */
  words: string[];
  where: Where;
  folder: string;
}
interface Page {
  '@odata.count'?: number;
  '@odata.nextLink'?: string;
  value: Message[];
}
export async function getMessages(folder: string, skip: number, top: number, search: Search | null = null): Promise<{ count: number; rows: Message[] }> {
  const mailbox = mailboxOf(folder);
  const where = search === null ? folderPath(folder) : search.where === 'folder' ? folderPath(search.folder) : root(mailbox);
  // In brackets it is one search, whatever it begins with.
  const asked = search === null ? '$orderby=receivedDateTime%20desc' : `$search=${encodeURIComponent(`(${search.kql})`)}`;
  const query = `$select=${FIELDS}&${asked}&$top=${top}&$skip=${skip}`;
  let page = await call<Page>('GET', `${where}/messages?${query}&$count=true`).catch((error: unknown) => {
    // What would have to be counted one by one is not counted: the list grows while it is walked.
    if (error instanceof ApiError && error.code === 'InefficientFilter') return call<Page>('GET', `${where}/messages?${query}`);
    throw error;
  });
  const count = page['@odata.count'];
  const rows = page.value;
  // A search may end a page early and go on with the next.
  while (rows.length < top && page['@odata.nextLink'] && (count === undefined || skip + rows.length < count)) {
    const link: string = page['@odata.nextLink'];
    page = await call<Page>('GET', link.slice(link.indexOf('/v1.0/')));
    rows.push(...page.value);
  }
  const more = page['@odata.nextLink'] ? top : 0;
  return { count: count ?? skip + rows.length + more, rows: rows.slice(0, top).map((m) => whole(m, mailbox)) };
}
/** Of each mailbox the newest that fit, together. `beyond`: how many more there are. */
export async function searchEverywhere(mailboxes: (string | null)[], search: Search, top: number): Promise<{ count: number; beyond: number; rows: Message[] }> {
  const found = await Promise.all(mailboxes.map((m) => getMessages(inMailbox(m, 'inbox'), 0, top, { ...search, where: 'mailbox' }).catch(() => ({ count: 0, rows: [] as Message[] }))));
  const rows = found.flatMap((f) => f.rows).toSorted((a, b) => (b.receivedDateTime ?? '').localeCompare(a.receivedDateTime ?? ''));
  return { count: rows.length, beyond: found.reduce((n, f) => n + Math.max(0, f.count - f.rows.length), 0), rows };
}
/** Sent as it is, at once. */
export const sendMessage = (message: OutgoingMessage) => call<null>('POST', '/v1.0/me/sendMail', { body: { message } });
export const getMessage = async (id: string) => whole(await call<FullMessage>('GET', messagePath(id)), mailboxOf(id));
/** Drafts and broken mail lack parts that every other message has. */
export function whole<M extends Message>(message: M, mailbox: string | null = null): M {
  const [id, parentFolderId] = [inMailbox(mailbox, message.id), inMailbox(mailbox, message.parentFolderId)];
  return { ...message, id, parentFolderId, toRecipients: message.toRecipients ?? [], bodyPreview: message.bodyPreview ?? '' };
}
/** All of a conversation in the mailbox of a message, the oldest first; of very long ones the newest hundred. */
export async function getConversation(message: string, conversation: string): Promise<Message[]> {
  const filter = encodeURIComponent(`conversationId eq '${conversation}'`);
  const box = mailboxOf(message);
  const found = await call<{ value: Message[] }>('GET', `${root(box)}/messages?$filter=${filter}&$top=100&$select=${FIELDS}`);
  return found.value.map((m) => whole(m, box)).toSorted((a, b) => (a.receivedDateTime ?? '').localeCompare(b.receivedDateTime ?? ''));
}
/** How many messages from an address are in the mailbox of a message. */
export async function countFrom(message: string, address: string): Promise<number> {
  const filter = encodeURIComponent(`from/emailAddress/address eq '${address.replaceAll("'", "''")}'`);
  const found = await call<{ value: unknown[] }>('GET', `${root(mailboxOf(message))}/messages?$filter=${filter}&$top=2&$select=id`);
  return found.value.length;
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
