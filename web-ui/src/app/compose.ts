// Answers for: opening the window for writing from wherever somebody is.
import { desk, emptyDraft, type Draft } from '../data/draft.svelte';
import { loadArea, t } from '../i18n/index.svelte';
import { swapSignature } from '../data/signature';
import { wishes } from '../data/preferences.svelte';
import { account } from './session.svelte';
import { toasts } from './toasts.svelte';

/** The signature of the address that is written from; answers have it only where that is wanted. */
export function signatureFor(draft: Draft, address: string): string {
  const kept = wishes.signature(address);
  return kept && (draft.mode === 'new' || kept.inReplies) ? kept.text : '';
}
/** A text that somebody brings along is theirs already. */
export function signed(draft: Draft): Draft {
  const from = draft.from || (account.session?.address ?? '');
  const text = signatureFor(draft, from);
  const quote = draft.mode === 'new' ? '' : draft.body;
  const body = swapSignature(draft.body, '', text, quote);
  return { ...draft, from, signed: text, quote, body, prefilled: draft.prefilled === draft.body ? body : draft.prefilled };
}

export async function compose(start: Partial<Draft> = {}): Promise<void> {
  await loadArea('compose');
  const draft = { ...emptyDraft(), ...start };
  // One that the server has already comes with its signature.
  if (!desk.start(draft.id === null ? signed(draft) : draft)) toasts.show(t('mail.stillWriting'));
}
