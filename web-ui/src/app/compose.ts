// Answers for: opening the window for writing from wherever somebody is.
import { desk, emptyDraft, type Draft } from '../data/draft.svelte';
import { loadArea, t } from '../i18n/index.svelte';
import { startHtml, swapSignature } from '../data/signature';
import { plainToHtml } from '../format/plain';
import { wishes } from '../data/preferences.svelte';
import { mailbox } from '../data/mailbox.svelte';
import { router } from './router.svelte';
import { account } from './session.svelte';
import { toasts } from './toasts.svelte';

/** The signature of the address that is written from; answers have it only where that is wanted. */
export function signatureFor(draft: Draft, address: string): string {
  const kept = wishes.signature(address);
  return kept && (draft.mode === 'new' || kept.inReplies) ? kept.text : '';
}
/** A message as it begins: written in the way that is wanted, signed, with the original below. */
export function begin(draft: Draft): Draft {
  const from = draft.from || (draft.mailbox ?? account.session?.address ?? '');
  const text = signatureFor(draft, from);
  const format = wishes.writesPlain ? 'text' : 'html';
  const body = format === 'html' ? plainToHtml(draft.body) + startHtml(text) : swapSignature(draft.body + draft.quote, '', text, draft.quote);
  // A text that somebody brings along is theirs already.
  return { ...draft, from, format, signed: text, below: format === 'html' ? draft.below : '', body, prefilled: draft.prefilled === draft.body ? body : draft.prefilled, begun: true };
}

export async function compose(start: Partial<Draft> = {}): Promise<void> {
  await loadArea('compose');
  // Whoever is in another's mailbox and may send for it writes from there.
  const here = router.area === 'mail' && start.mailbox === undefined && !start.begun ? mailbox.current : undefined;
  const box = here?.mailbox && mailbox.level(here.id) === 'full' ? here.mailbox : null;
  const draft = { ...emptyDraft(), mailbox: box, ...start };
  if (!desk.start(draft.begun ? draft : begin(draft))) toasts.show(t('mail.stillWriting'));
}
