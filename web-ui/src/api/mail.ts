// Answers for: the calls of session and mail.
import { at } from './base';
import { call, callAll, request } from './client';
import type { Attachment, Folder, FullMessage, Lang, Message, Session } from './types';

const FIELDS =
  'id,subject,bodyPreview,isRead,hasAttachments,receivedDateTime,from,toRecipients,flag,importance,isDraft,parentFolderId';
const folderPath = (id: string) => `/v1.0/me/mailFolders/${encodeURIComponent(id)}`;
const messagePath = (id: string) => `/v1.0/me/messages/${encodeURIComponent(id)}`;

export const getSession = () => call<Session>('GET', '/api/session');
export const signIn = (address: string, password: string) =>
  call<Session>('POST', '/api/session', { body: { address, password } });
/** What stands on the button of another issuer; null: there is none. */
export const getOutside = async () => (await call<{ name: string | null }>('GET', '/api/outside')).name;
/** Where the browser goes to sign in there; `to`: the place in the page to which it comes back. */
export const outsideUrl = (to: string) => at(`/api/outside/begin?to=${encodeURIComponent(to)}`);
export const signOut = () => call<null>('DELETE', '/api/session');
export const setLanguage = (language: Lang) => call<Session>('PATCH', '/api/session', { body: { language } });

export const getFolders = async () =>
  (await call<{ value: Folder[] }>('GET', '/v1.0/me/mailFolders?$top=250')).value;
export const getChildFolders = async (id: string) =>
  (await call<{ value: Folder[] }>('GET', `${folderPath(id)}/childFolders?$top=250`)).value;

export async function getMessages(folder: string, skip: number, top: number): Promise<{ count: number; rows: Message[] }> {
  const query = `$select=${FIELDS}&$orderby=receivedDateTime%20desc&$top=${top}&$skip=${skip}&$count=true`;
  const page = await call<{ '@odata.count': number; value: Message[] }>('GET', `${folderPath(folder)}/messages?${query}`);
  return { count: page['@odata.count'], rows: page.value.map(whole) };
}
export const getMessage = async (id: string) => whole(await call<FullMessage>('GET', messagePath(id)));
/** Drafts and broken mail lack parts that every other message has. */
function whole<M extends Message>(message: M): M {
  return { ...message, toRecipients: message.toRecipients ?? [], bodyPreview: message.bodyPreview ?? '' };
}
export const getAttachments = async (id: string) =>
  (await call<{ value: Attachment[] }>('GET', `${messagePath(id)}/attachments?$select=id,name,contentType,size,isInline,contentId`)).value;
export const attachmentUrl = (message: string, id: string) =>
  `${messagePath(message)}/attachments/${encodeURIComponent(id)}/$value`;
/** Mail that was flagged and is not done yet, wherever it lies. */
export const getFlagged = async () => (await callAll<Message>(`/v1.0/me/messages?$filter=${encodeURIComponent("flag/flagStatus eq 'flagged'")}&$top=100&$select=${FIELDS}`)).map(whole);
export const patchMessage = (id: string, body: Partial<Pick<Message, 'isRead' | 'flag'>>) =>
  call<Message>('PATCH', messagePath(id), { body });
/** Answers with the moved message: its id may have changed on the way. */
export const moveMessage = (id: string, destinationId: string) =>
  call<Message | null>('POST', `${messagePath(id)}/move`, { body: { destinationId } });
export const deleteMessage = (id: string) => call<null>('DELETE', messagePath(id));

export type SendMode = 'new' | 'reply' | 'replyAll' | 'forward';
export const renderUrl = (id: string, images: boolean) => `/ui/render/${encodeURIComponent(id)}?images=${images ? 1 : 0}`;
/** How many remote images the server left out. Only the header says so, and a frame cannot read its own headers. */
export async function countRemoteImages(id: string): Promise<number> {
  const answer = await request('HEAD', renderUrl(id, false));
  return Number(answer.headers.get('X-Remote-Images') ?? 0) || 0;
}
