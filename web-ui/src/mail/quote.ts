// Answers for: what a reply or forward starts with: recipients, subject and the quoted text.
import type { SendMode } from '../api/mail';
import type { EmailAddress, FullMessage, Message } from '../api/types';
import { emptyDraft, type Draft } from '../data/draft.svelte';
import { OPEN } from '../format/original';
import { plainToHtml } from '../format/plain';
import { shown, uniqueRecipients, written } from '../format/address';
import { fullDate } from '../format/text';
import { t } from '../i18n/index.svelte';

export function draftFrom(mode: Exclude<SendMode, 'new'>, message: Message | FullMessage, text: string, html: string, me: string): Draft {
  const full = 'body' in message ? message : null;
  const draft: Draft = { ...emptyDraft(), mode, original: message.id };
  const from = message.from ? [message.from] : [];
  const answerTo = full?.replyTo?.length ? full.replyTo : from;
  if (mode !== 'forward') {
    const mine = message.from?.emailAddress.address.toLowerCase() === me.toLowerCase();
    // Answering one's own sent message means writing to the same people once more.
    const base = mine ? message.toRecipients : answerTo;
    draft.to = uniqueRecipients(mode === 'replyAll' ? [...base, ...(mine ? [] : message.toRecipients)] : base, mode === 'replyAll' ? [me] : []);
    if (draft.to.length === 0) draft.to = uniqueRecipients(base, []);
    if (mode === 'replyAll') draft.cc = uniqueRecipients(full?.ccRecipients ?? [], [me, ...draft.to.map((a) => a.address)]);
  }
  draft.subject = prefix(mode === 'forward' ? t('compose.fw') : t('compose.re'), message.subject ?? '');
  draft.quote = mode === 'forward' ? forwarded(message, full, text) : replied(message, text);
  const lines = mode === 'forward' ? forwardedHead(message, full) : [repliedHead(message)];
  draft.below = quoteHtml(lines, html || plainToHtml(tidy(text)), mode !== 'forward');
  return draft;
}

/** One prefix is enough, whichever language or program set the first one. */
function prefix(wanted: string, subject: string): string {
  const known = wanted === t('compose.fw') ? /^(wg|fw|fwd)\s*:/i : /^(aw|re|antw)\s*:/i;
  return known.test(subject) ? subject : `${wanted} ${subject}`.trim();
}

const repliedHead = (message: Message) => t('compose.wrote', { date: fullDate(message.receivedDateTime), name: shown(message.from?.emailAddress) });
function replied(message: Message, text: string): string {
  return `\n\n${repliedHead(message)}\n${tidy(text).split('\n').map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`.trimEnd())).join('\n')}\n`;
}
function forwardedHead(message: Message, full: FullMessage | null): string[] {
  const people = (list: EmailAddress[]) => list.map(written).join(', ');
  return [
    t('compose.forwarded'),
    `${t('mail.from')}: ${message.from ? written(message.from.emailAddress) : ''}`,
    `${t('mail.date')}: ${fullDate(message.receivedDateTime)}`,
    `${t('mail.to')}: ${people(message.toRecipients.map((r) => r.emailAddress))}`,
    ...(full?.ccRecipients?.length ? [`${t('mail.cc')}: ${people(full.ccRecipients.map((r) => r.emailAddress))}`] : []),
    `${t('compose.subject')}: ${message.subject ?? ''}`,
  ];
}
const forwarded = (message: Message, full: FullMessage | null, text: string) => `\n\n${forwardedHead(message, full).join('\n')}\n\n${tidy(text)}\n`;

function quoteHtml(head: string[], html: string, indent: boolean): string {
  const bar = 'margin:0 0 0 8px;padding-left:10px;border-left:2px solid #b9c4c7';
  const inner = indent ? `<blockquote type="cite" style="${bar}">${html}</blockquote>` : html;
  return `${OPEN}<br>${plainToHtml(head.join('\n'))}<br>${inner}</div>`;
}
const tidy = (text: string) => text.replace(/\r\n?/g, '\n').replace(/\u00a0/g, ' ').replace(/\n{3,}/g, '\n\n').trim();
