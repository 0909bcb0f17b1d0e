// Answers for: the calls about what is being written: drafts, their files, sending, and taking back.
import { call, request } from './client';
import type { SendMode } from './mail';
import { apart, inMailbox, mailboxOf, messagePath as path, root, whose } from './place';
import type { Attachment, FullMessage, OutgoingMessage } from './types';

const CREATE: Record<SendMode, string> = { new: '', reply: 'createReply', replyAll: 'createReplyAll', forward: 'createForward' };

export interface Stored {
  id: string;
  /** Milliseconds that the server's clock is ahead of ours. */
  ahead: number;
}
async function stored(answer: Response, mailbox: string | null): Promise<Stored> {
  const id = inMailbox(mailbox, ((await answer.json()) as { id: string }).id);
  const said = Date.parse(answer.headers.get('Date') ?? '');
  return { id, ahead: Number.isNaN(said) ? 0 : said - Date.now() };
}

/** A draft in that mailbox, which is also who it is from; an answer knows what it answers, what is forwarded brings its files. */
export async function createDraft(mailbox: string | null, mode: SendMode, original: string | null, message: OutgoingMessage): Promise<Stored> {
  const isOwn = mode === 'new' || original === null || mailboxOf(original) !== mailbox;
  return stored(isOwn ? await request('POST', `${root(mailbox)}/messages`, { body: message }) : await request('POST', `${path(original)}/${CREATE[mode]}`, { body: { message } }), mailbox);
}
export const changeDraft = async (id: string, message: OutgoingMessage) => stored(await request('PATCH', path(id), { body: message }), mailboxOf(id));
/** As it was written, for the editor, which has a filter of its own. `isPlain`: the words only. */
export const readDraft = (id: string, isPlain = false) =>
  call<FullMessage>('GET', path(id), { headers: { Prefer: isPlain ? 'outlook.body-content-type="text"' : 'outlook.body-content-type="html", outlook.allow-unsafe-html' } });
/** Where deleted mail goes; it can be brought back. */
export const throwDraft = (id: string) => call<null>('DELETE', path(id));
export const fetchBack = (id: string) => call<null>('POST', `${path(id)}/move`, { body: { destinationId: 'drafts' } });
/** For what nobody has written anything into. */
export const forgetDraft = (id: string) => call<null>('POST', `${path(id)}/permanentDelete`);

/** It leaves at a time by the server's clock; a time that is over means at once. PidTagDeferredSendTime, as Outlook has it. */
export async function sendDraft(id: string, at: number): Promise<void> {
  const when = { id: 'SystemTime 0x3FEF', value: new Date(at).toISOString() };
  await request('PATCH', path(id), { body: { singleValueExtendedProperties: [when] } });
  await request('POST', `${path(id)}/send`, { timeout: 60_000 });
}
/** Fails with 404 when it has left already. */
export function takeBack(id: string): Promise<null> {
  const { mailbox, bare } = apart(id);
  return call('DELETE', `/api/held/${encodeURIComponent(bare)}${whose(mailbox, '?')}`);
}

/** What fits into one request; more comes in ranges. */
const SMALL = 3_000_000;
const RANGE = 4 * 327_680;
const TRIES = 5;

export async function attach(id: string, file: File, progress: (done: number) => void, signal: AbortSignal, cid?: string): Promise<Attachment> {
  const contentType = file.type || 'application/octet-stream';
  const inText = cid === undefined ? {} : { isInline: true, contentId: cid };
  if (file.size < SMALL) {
    const body = { '@odata.type': '#microsoft.graph.fileAttachment', name: file.name, contentType, contentBytes: await packed(file), ...inText };
    return call<Attachment>('POST', `${path(id)}/attachments`, { body, signal, timeout: 120_000 });
  }
  const wanted = { AttachmentItem: { attachmentType: 'file', name: file.name, size: file.size, contentType, ...inText } };
  const { uploadUrl } = await call<{ uploadUrl: string }>('POST', `${path(id)}/attachments/createUploadSession`, { body: wanted, signal });
  for (let at = 0, failed = 0; at < file.size;) {
    const end = Math.min(at + RANGE, file.size);
    try {
      const headers = { 'Content-Range': `bytes ${at}-${end - 1}/${file.size}`, 'Content-Type': 'application/octet-stream' };
      const answer = await fetch(uploadUrl, { method: 'PUT', headers, body: file.slice(at, end), signal });
      if (!answer.ok) throw new Error(String(answer.status));
      [at, failed] = [end, 0];
      progress(at);
    } catch (error) {
      if (signal.aborted || ++failed === TRIES) throw error;
      await new Promise((go) => setTimeout(go, 1000 * failed));
      at = await reached(uploadUrl, at);
    }
  }
  const all = (await call<{ value: Attachment[] }>('GET', `${path(id)}/attachments?$select=id,name,contentType,size,isInline`)).value;
  const found = all.findLast((a) => a.name === file.name);
  if (!found) throw new Error(file.name);
  return found;
}
/** How much of it the server has, after the line broke. */
async function reached(uploadUrl: string, at: number): Promise<number> {
  try {
    const { nextExpectedRanges } = (await (await fetch(uploadUrl)).json()) as { nextExpectedRanges: string[] };
    return Number(nextExpectedRanges[0]?.split('-')[0] ?? at);
  } catch {
    return at;
  }
}
async function packed(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
  return btoa(text);
}
export const detach = (id: string, file: string) => call<null>('DELETE', `${path(id)}/attachments/${encodeURIComponent(file)}`);
