// Answers for: reading `mailto:` links, which mails are full of and which should open our own window for writing.
import type { EmailAddress } from '../api/types';
import { parseList } from './address';

export interface Mailto {
  to: EmailAddress[];
  cc: EmailAddress[];
  subject: string;
  body: string;
}

/** Only what a person can see and change in the window is taken over; headers such as attachments are not. */
export function parseMailto(href: string): Mailto | null {
  if (!/^mailto:/i.test(href)) return null;
  const [addresses = '', query = ''] = href.slice(7).split('?', 2);
  const found: Mailto = { to: parseList(plain(addresses)), cc: [], subject: '', body: '' };
  for (const part of query.split('&')) {
    const [name = '', value = ''] = part.split('=', 2);
    const text = plain(value);
    if (/^to$/i.test(name)) found.to.push(...parseList(text));
    else if (/^cc$/i.test(name)) found.cc.push(...parseList(text));
    else if (/^subject$/i.test(name)) found.subject = text.replace(/[\r\n]+/g, ' ');
    else if (/^body$/i.test(name)) found.body = text.replace(/\r\n?/g, '\n');
  }
  return found;
}

/** Not URLSearchParams: there a plus is a space, here it is part of an address. */
function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
