// Answers for: doing one thing from a list: told when done, told when not, the list fresh afterwards.
import { toasts } from '../app/toasts.svelte';
import { errorText } from '../i18n/errors';

export async function act(what: () => Promise<unknown>, told: string, after: () => Promise<unknown>): Promise<boolean> {
  try {
    await what();
    if (told) toasts.show(told);
    return true;
  } catch (error) {
    toasts.show(errorText(error), { kind: 'bad' });
    return false;
  } finally {
    await after();
  }
}
