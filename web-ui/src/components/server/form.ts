// Answers for: the access to a provider's server as it is typed, and as it is sent.
import type { Collect, Smarthost } from '../../api/types';

/** Numbers stay texts while they are typed. */
export type ServerForm = { host: string; port: string; security: Collect['security']; user: string; password: string; hasPassword: boolean };
/** What is wrong, by field. */
export type Problems = Record<string, string>;

export function serverForm(from: Partial<Smarthost> | undefined, port: number): ServerForm {
  return {
    host: from?.host ?? '', port: String(from?.port ?? port), security: from?.security ?? 'tls', user: from?.user ?? '',
    password: '', hasPassword: from?.hasPassword ?? false,
  };
}
export function serverBody(form: ServerForm): Smarthost {
  const body: Smarthost = { host: form.host.trim(), port: Number(form.port), security: form.security, user: form.user.trim() };
  // Left out means: keep the one you have.
  if (form.password !== '') body.password = form.password;
  return body;
}
