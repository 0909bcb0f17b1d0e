// Answers for: `dist/sw.js`, which knows the names of all files of this build.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url).pathname;
const assets = readdirSync(`${dist}assets`).sort().map((name) => `assets/${name}`);
const files = ['.', 'favicon.svg', ...assets];
// Names of assets change with their contents; the page itself has none of its own.
const version = createHash('sha256').update(assets.join('\n')).update(readFileSync(`${dist}index.html`)).digest('hex').slice(0, 12);
const source = readFileSync(new URL('../src/worker/sw.js', import.meta.url), 'utf8');
writeFileSync(`${dist}sw.js`, source.replace('__VERSION__', version).replace('__FILES__', JSON.stringify(files)));
