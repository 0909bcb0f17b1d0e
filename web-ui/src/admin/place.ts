// Answers for: how the place of backups is written for the server, from what people type into a form.

export type Kind = 'folder' | 's3' | 'webdav';
export interface PlaceForm {
  kind: Kind;
  folder: string;
  /** Of a server: its whole address, with http:// or https://. */
  url: string;
  user: string;
  secret: string;
  bucket: string;
  region: string;
}
export const emptyPlace = (folder = ''): PlaceForm => ({ kind: kindOf(folder), folder, url: '', user: '', secret: '', bucket: '', region: '' });

export function kindOf(place: string): Kind {
  if (/^s3(\+http)?:/.test(place)) return 's3';
  return /^webdavs?:/.test(place) ? 'webdav' : 'folder';
}

/** None, when it is no address. People leave https:// out. */
function server(text: string): URL | null {
  try {
    const url = new URL(/^[a-z]+:\/\//i.test(text.trim()) ? text.trim() : `https://${text.trim()}`);
    return ['http:', 'https:'].includes(url.protocol) && url.username === '' ? url : null;
  } catch {
    return null;
  }
}

/** Fields with what is wrong with them. */
export function placeProblems(p: PlaceForm): Partial<Record<keyof PlaceForm, 'path' | 'address' | 'missing'>> {
  const found: ReturnType<typeof placeProblems> = {};
  if (p.kind === 'folder') return p.folder.trim().startsWith('/') ? found : { folder: 'path' };
  if (!server(p.url)) found.url = 'address';
  if (!p.user.trim()) found.user = 'missing';
  if (!p.secret) found.secret = 'missing';
  if (p.kind === 's3' && !p.bucket.trim()) found.bucket = 'missing';
  return found;
}

export function placeAddress(p: PlaceForm): string {
  const url = server(p.url);
  if (p.kind === 'folder' || !url) return p.folder.trim();
  const user = encodeURIComponent(p.user.trim());
  const isSafe = url.protocol === 'https:';
  if (p.kind === 'webdav') return `${isSafe ? 'webdavs' : 'webdav'}://${user}@${url.host}${url.pathname}`;
  const path = p.bucket.trim().split('/').filter(Boolean).map(encodeURIComponent).join('/');
  const region = p.region.trim() ? `?region=${encodeURIComponent(p.region.trim())}` : '';
  return `${isSafe ? 's3' : 's3+http'}://${user}@${url.host}/${path}${region}`;
}
