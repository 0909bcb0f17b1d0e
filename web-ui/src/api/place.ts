// Answers for: whose mailbox something is in. The server's ids count within one mailbox; those of the page carry the address of
// the mailbox in front when it is another's, so that nothing between the list and the request has to ask whose it is. Pure.
const MARK = '~';

/** `mailbox`: its address; null: one's own. */
export const inMailbox = (mailbox: string | null, id: string): string => (mailbox === null ? id : `${mailbox}${MARK}${id}`);
export function apart(id: string): { mailbox: string | null; bare: string } {
  // Addresses may have the mark in them, ids have not.
  const at = id.lastIndexOf(MARK);
  return at < 0 ? { mailbox: null, bare: id } : { mailbox: id.slice(0, at), bare: id.slice(at + 1) };
}
export const mailboxOf = (id: string): string | null => apart(id).mailbox;
/** Where Graph has the things of a mailbox. */
export const root = (mailbox: string | null): string => (mailbox === null ? '/v1.0/me' : `/v1.0/users/${encodeURIComponent(mailbox)}`);
export function messagePath(id: string): string {
  const { mailbox, bare } = apart(id);
  return `${root(mailbox)}/messages/${encodeURIComponent(bare)}`;
}
export function folderPath(id: string): string {
  const { mailbox, bare } = apart(id);
  return `${root(mailbox)}/mailFolders/${encodeURIComponent(bare)}`;
}
/** For the paths that Graph has no word for. */
export const whose = (mailbox: string | null, before: '?' | '&'): string => (mailbox === null ? '' : `${before}mailbox=${encodeURIComponent(mailbox)}`);
