// Answers for: reading and writing mail addresses as people type and see them.
import type { EmailAddress, Recipient } from '../api/types';

/** Deliberately plain: something@host with no spaces. The server is the judge, this only catches slips. */
export const looksLikeAddress = (text: string): boolean => /^[^\s@<>(),;:"[\]\\]+@[^\s@<>(),;:"[\]\\]+$/.test(text);
export const looksLikeDomain = (text: string): boolean =>
  /^(?=.{4,253}$)([\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+(?!\d+$)[\p{L}\p{N}-]{2,63}$/u.test(text);

export const shown = (one: EmailAddress | undefined): string => one?.name?.trim() || one?.address || '';

export function written(one: EmailAddress): string {
  const name = one.name?.trim() ?? '';
  if (name === '' || name === one.address) return one.address;
  return /[,;<>"@()]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}" <${one.address}>` : `${name} <${one.address}>`;
}

/** Splits what was typed or pasted: "Berger, Anna" <anna@…>; ben@… , one per comma, semicolon or line. */
export function parseList(text: string): EmailAddress[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  let angle = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    else if (!quoted && char === '<') angle = true;
    else if (!quoted && char === '>') angle = false;
    if (!quoted && !angle && /[,;\n\r]/.test(char)) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part].map((p) => p.trim()).filter((p) => p !== '').map(parseOne);
}

function parseOne(text: string): EmailAddress {
  const match = /^(.*?)<([^<>]*)>$/.exec(text);
  if (!match) return { address: text };
  const name = (match[1] ?? '').trim().replace(/^"(.*)"$/, '$1').replace(/\\(.)/g, '$1');
  const address = (match[2] ?? '').trim();
  return name === '' ? { address } : { name, address };
}

export interface NamedAddress {
  name: string;
  address: string;
}
/** Lines of a staff list: "Anna Berger, anna@…", "anna@… Anna Berger", tab or semicolon from a spreadsheet. */
export function parsePeople(text: string): NamedAddress[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const found = /[^\s,;<>"'\t]+@[^\s,;<>"'\t]+/.exec(line)?.[0];
    if (!found) return [];
    const name = line.replace(found, ' ').replace(/[,;<>"\t]+/g, ' ').replace(/\s+/g, ' ').trim();
    return [{ name: name || guessName(found), address: found.toLowerCase() }];
  });
}

/** anna.berger@… is most likely Anna Berger; a role such as info@ stays what it is. */
export function guessName(address: string): string {
  const local = address.split('@')[0] ?? '';
  return local.split(/[._-]+/).filter(Boolean).map((w) => w.charAt(0).toUpperCase() + w.slice(1)).join(' ');
}

export function initials(one: EmailAddress | undefined): string {
  const words = (one?.name?.trim() || (one?.address ?? '').split('@')[0] || '?')
    .split(/[\s._-]+/).filter((w) => /^[\p{L}\p{N}]/u.test(w));
  const first = words[0] ?? '?';
  const last = words.length > 1 ? (words[words.length - 1] ?? '') : '';
  return (first.charAt(0) + last.charAt(0)).toUpperCase();
}

export const uniqueRecipients = (list: Recipient[], without: string[]): EmailAddress[] => {
  const seen = new Set(without.map((a) => a.toLowerCase()));
  return list.map((r) => r.emailAddress).filter((one) => {
    const key = one.address.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
};
