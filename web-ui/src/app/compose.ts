// Answers for: opening the window for writing from wherever somebody is.
import { desk, emptyDraft, type Draft } from '../data/draft.svelte';
import { loadArea, t } from '../i18n/index.svelte';
import { toasts } from './toasts.svelte';

export async function compose(start: Partial<Draft> = {}): Promise<void> {
  await loadArea('compose');
  if (!desk.start({ ...emptyDraft(), ...start })) toasts.show(t('mail.stillWriting'));
}
