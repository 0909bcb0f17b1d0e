// Answers for: what an administrator should look at, from what the server knows, the most urgent first. Pure.
import type { Overview } from '../api/admin';
import { fullDate } from '../format/text';

export type Page = 'people' | 'delivery' | 'queue' | 'collect' | 'backups' | 'certificate' | 'overview';
export type PointName = 'trouble' | 'noBackup' | 'backupFailed' | 'backupOld' | 'outboundLater' | 'queueStuck' | 'collectFailed' | 'mailboxFull' | 'diskLow' | 'certFailed' | 'certEnds' | 'certRecords';
export interface Point {
  name: PointName;
  kind: 'bad' | 'warn';
  page: Page;
  values: Record<string, string | number>;
}
const DAY_MS = 86_400_000;
/** Two nights without a backup: one may be missed by a box that was off. */
const OLD_MS = 2.2 * DAY_MS;
const LOW_BYTES = 5e9;

export function openPoints(o: Overview): Point[] {
  const out: Point[] = [];
  const add = (name: PointName, kind: Point['kind'], page: Page, values: Point['values'] = {}) => out.push({ name, kind, page, values });
  if (o.trouble) add('trouble', 'bad', 'overview', { why: o.trouble });
  for (const f of o.backups.failing) add('backupFailed', 'bad', 'backups', { folder: f.folder, why: f.error });
  if (o.backups.count === 0) add('noBackup', 'bad', 'backups');
  else if (o.backups.failing.length === 0 && o.backups.lastDoneAt && Date.parse(o.now) - Date.parse(o.backups.lastDoneAt) > OLD_MS) {
    add('backupOld', 'warn', 'backups', { n: Math.floor((Date.parse(o.now) - Date.parse(o.backups.lastDoneAt)) / DAY_MS) });
  }
  for (const c of o.collect.failing) add('collectFailed', 'bad', 'collect', { user: c.user, why: c.error });
  const c = o.certificate;
  if (c.error) add('certFailed', 'bad', 'certificate', { why: c.error });
  else if (c.waitsForRecords) add('certRecords', 'warn', 'certificate');
  if (c.endsSoon) add('certEnds', 'bad', 'certificate', { until: fullDate(c.notAfter) });
  if (o.queue.stuck > 0) add('queueStuck', 'warn', 'queue', { n: o.queue.stuck });
  if (o.outbound === 'later') add('outboundLater', 'warn', 'delivery');
  if (o.fullMailboxes.length > 0) add('mailboxFull', 'warn', 'people', { n: o.fullMailboxes.length, who: o.fullMailboxes.join(', ') });
  if (o.freeBytes !== null && o.freeBytes < LOW_BYTES && !o.trouble) add('diskLow', 'warn', 'overview');
  return out.toSorted((a, b) => (a.kind === b.kind ? 0 : a.kind === 'bad' ? -1 : 1));
}
