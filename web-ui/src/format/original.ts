// Answers for: the original below an answer, in one marked element, so that a draft can be taken apart again. It is put together
// as text and never read by this page.

export const OPEN = '<div class="hauspost-quote">';
/** What was written, and the original below it. Whoever changed the draft elsewhere may have moved it: then all is what was written. */
export function takeApart(html: string): { body: string; below: string } {
  const at = html.indexOf(OPEN);
  const inner = html.replace(/<\/body>\s*<\/html>\s*$/i, '');
  return at < 0 ? { body: html, below: '' } : { body: html.slice(0, at), below: inner.slice(at) };
}
