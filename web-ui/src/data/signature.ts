// Answers for: the signature in a text that is being written. It is set off by the line that mail programs know (RFC 3676
// §4.3), stands before what is quoted, and is replaced, never added a second time. Pure.
const block = (text: string): string => `-- \n${text}`;

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
