// Answers for: signing out. It forgets what this device kept, so unsent writing is asked about first.
import { desk } from '../data/draft.svelte';
import { t } from '../i18n/index.svelte';
import { account } from './session.svelte';
import { toasts } from './toasts.svelte';

class Leaving {
  asked = $state(false);
}
export const leaving = new Leaving();

export function signOut(): void {
  if (desk.dirty && !leaving.asked) leaving.asked = true;
  else {
    desk.close();
    account.signOut().catch(() => toasts.show(t('mail.signOutFailed'), { kind: 'bad' }));
  }
}
