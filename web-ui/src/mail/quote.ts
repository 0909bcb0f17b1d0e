// Answers for: what a reply or forward starts with: recipients, subject and the quoted text.
import type { SendMode } from '../api/mail';
import type { EmailAddress, FullMessage, Message } from '../api/types';
import { emptyDraft, type Draft } from '../data/draft.svelte';
import { shown, uniqueRecipients, written } from '../format/address';
import { fullDate } from '../format/text';
import { t } from '../i18n/index.svelte';

export function draftFrom(mode: Exclude<SendMode, 'new'>, message: Message | FullMessage, text: string, me: string): Draft {
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
  draft.body = draft.prefilled = mode === 'forward' ? forwarded(message, full, text) : replied(message, text);
  return draft;
}

/** One prefix is enough, whichever language or program set the first one. */
function prefix(wanted: string, subject: string): string {
  const known = wanted === t('compose.fw') ? /^(wg|fw|fwd)\s*:/i : /^(aw|re|antw)\s*:/i;
  return known.test(subject) ? subject : `${wanted} ${subject}`.trim();
}

function replied(message: Message, text: string): string {
  const head = t('compose.wrote', { date: fullDate(message.receivedDateTime), name: shown(message.from?.emailAddress) });
  return `\n\n${head}\n${tidy(text).split('\n').map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`.trimEnd())).join('\n')}\n`;
}
function forwarded(message: Message, full: FullMessage | null, text: string): string {
  const people = (list: EmailAddress[]) => list.map(written).join(', ');
  const lines = [
    `${t('mail.from')}: ${message.from ? written(message.from.emailAddress) : ''}`,
    `${t('mail.date')}: ${fullDate(message.receivedDateTime)}`,
    `${t('mail.to')}: ${people(message.toRecipients.map((r) => r.emailAddress))}`,
    ...(full?.ccRecipients?.length ? [`${t('mail.cc')}: ${people(full.ccRecipients.map((r) => r.emailAddress))}`] : []),
    `${t('compose.subject')}: ${message.subject ?? ''}`,
  ];
  return `\n\n${t('compose.forwarded')}\n${lines.join('\n')}\n\n${tidy(text)}\n`;
}
const tidy = (text: string) => text.replace(/\r\n?/g, '\n').replace(/\u00a0/g, ' ').replace(/\n{3,}/g, '\n\n').trim();
