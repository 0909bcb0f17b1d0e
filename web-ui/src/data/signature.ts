// Answers for: the signature in what is being written. It is set off by the line that mail programs know (RFC 3676 §4.3),
// stands before what is quoted, and is replaced, never added a second time. In formatted text it is a marked element. Pure.
import { plainToHtml } from '../format/plain';

const block = (text: string): string => `-- \n${text}`;

/** The marked element; the editor finds it by its class. */
export const signatureHtml = (text: string): string => (text === '' ? '' : `<div class="hauspost-signature">-- <br>${plainToHtml(text).replace(/^<div>|<\/div>$/g, '')}</div>`);
/** What an empty formatted message begins with: a line to write in, and below it the signature. */
export const startHtml = (text: string): string => (text === '' ? '' : `<div><br></div><div><br></div>${signatureHtml(text)}`);

/** `body` with the signature `after` in the place of `before`; `quote` is the tail that was not written by hand.
 *  A signature that somebody has changed by hand is theirs and stays. */
export function swapSignature(body: string, before: string, after: string, quote: string): string {
  if (before === after) return body;
  const at = before === '' ? -1 : body.lastIndexOf(block(before));
  if (at >= 0) {
    const end = at + block(before).length;
    if (after !== '') return body.slice(0, at) + block(after) + body.slice(end);
    return body.slice(0, at).replace(/\n{1,2}$/, '') + body.slice(end);
  }
  if (before !== '' || after === '') return body;
  const own = quote !== '' && body.endsWith(quote) ? body.slice(0, body.length - quote.length) : body;
  const tail = body.slice(own.length);
  return `${own.replace(/\n*$/, '')}\n\n${block(after)}${tail === '' ? '' : `\n\n${tail.replace(/^\n+/, '')}`}`;
}
