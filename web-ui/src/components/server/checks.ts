// Answers for: what can be seen to be wrong before the server is asked, in words that say what to do.
import { t } from '../../i18n/index.svelte';
import type { Problems, ServerForm } from './form';

/** `mayBeOpen`: a server that asks nobody who they are. */
export function checkServer(form: ServerForm, mayBeOpen = false): Problems {
  const found: Problems = {};
  const isOpen = mayBeOpen && form.user.trim() === '' && form.password === '';
  if (!isOpen && form.user.trim() === '') found.user = t('setup.server.userMissing');
  if (!isOpen && form.password === '' && !form.hasPassword) found.password = t('setup.server.passwordMissing');
  if (form.host.trim() === '') found.host = t('setup.server.hostMissing');
  else if (/[\s/@:]/.test(form.host.trim())) found.host = t('setup.server.hostWrong');
  const port = Number(form.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) found.port = t('setup.server.portWrong');
  return found;
}
