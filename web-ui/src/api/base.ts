// Answers for: where this page and everything that it asks for lies, when that is not the root of the host (`--base-path`).
// The server writes it into the page.
const said = typeof document === 'undefined' ? null : document.querySelector<HTMLMetaElement>('meta[name="hauspost-base"]');

/** `/mail`, or nothing. */
export const BASE = (said?.content ?? '/').replace(/\/$/, '');
/** A path of the server as a browser has to ask for it. */
export const at = (path: string) => BASE + path;
