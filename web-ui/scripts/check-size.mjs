// Answers for: the page staying small. Everything that is not known to be fetched later counts as first load.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
/** Kilobytes after gzip -9, as agreed for the product. */
const BUDGETS = { 'first load of mail': 110, setup: 40, composer: 70, calendar: 45, 'contacts and tasks': 25, settings: 25, administration: 60, invitation: 10 };
// Fields for servers and the points of a report are the administration's and the wizard's: they count where there is more.
const later = [['setup', /^[Ss]etup(Backup|Done|Trial)?-/], ['composer', /^[Cc]ompose(r)?-/], ['calendar', /^([Cc]alendar|Assistant)-/],
  ['contacts and tasks', /^([Cc]ontacts|[Tt]asks)-/], ['settings', /^[Ss]ettings-/], ['administration', /^([Aa]dmin|Backups|Certificate|Rooms|ServerFields|points)-/], ['invitation', /^([Ii]nvite|InviteCard)-/]];
const size = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;

const sums = Object.fromEntries(Object.keys(BUDGETS).map((k) => [k, 0]));
sums['first load of mail'] = size('index.html');
const words = new Map();
for (const file of readdirSync(join(dist, 'assets')).filter((name) => !/\.(br|gz)$/.test(name))) {
  const group = later.find(([, pattern]) => pattern.test(file))?.[0] ?? 'first load of mail';
  const bytes = size(join('assets', file));
  // Only one language of an area is ever fetched: the larger one counts.
  const area = /^(admin|common|mail|compose|invite|settings|setup|calendar|contacts|tasks)-.*\.js$/.exec(file)?.[1];
  if (!area) sums[group] += bytes;
  else if (bytes > (words.get(area)?.bytes ?? 0)) words.set(area, { group, bytes });
}
for (const { group, bytes } of words.values()) sums[group] += bytes;
let failed = false;
for (const [name, budget] of Object.entries(BUDGETS)) {
  const kb = sums[name] / 1024;
  failed ||= kb > budget;
  console.log(`size: ${name} ${kb.toFixed(1)} KB of ${budget} KB${kb > budget ? '  TOO LARGE' : ''}`);
}
if (failed) process.exit(1);
